import type { ReactElement } from "react";
import { siblingsOf } from "../conversation/conversation.ts";
import { Icon } from "../shell/icon.tsx";
import { useApp, usePlayground } from "../shell/playground-context.ts";

/** Steps through the turns that stand in one place on different branches; nothing where there is one only. */
export function BranchSwitcher({ turn }: { readonly turn: string }): ReactElement | null {
  const playground = usePlayground();
  const conversation = useApp((state) => state.conversations[state.current]!);
  const siblings = siblingsOf(conversation, turn);
  const index = siblings.findIndex(({ id }) => id === turn);
  if (siblings.length < 2) return null;
  const show = (to: number) => () => {
    const sibling = siblings[to];
    if (sibling !== undefined) playground.showTurn(sibling.id);
  };
  return (
    <div className="branch-switcher" role="group" aria-label="Branches">
      <button type="button" aria-label="Branch before" disabled={index === 0} onClick={show(index - 1)}>
        <Icon name="left" />
      </button>
      <span>
        {index + 1} / {siblings.length}
      </span>
      <button
        type="button"
        aria-label="Branch after"
        disabled={index === siblings.length - 1}
        onClick={show(index + 1)}
      >
        <Icon name="chevron" />
      </button>
    </div>
  );
}
