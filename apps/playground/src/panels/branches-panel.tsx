import type { ReactElement } from "react";
import { branchCount, type Conversation, childrenOf, shownPath } from "../conversation/conversation.ts";
import { type Turn, textOf } from "../conversation/turn.ts";
import { useApp, usePlayground } from "../shell/playground-context.ts";
import { counted } from "../shell/quantities.ts";

/** The conversation as the tree that it is. */
export function BranchesPanel(): ReactElement {
  const conversation = useApp((state) => state.conversations[state.current]!);
  const shown = new Set(shownPath(conversation).map(({ id }) => id));
  const count = branchCount(conversation);
  if (count === 0) return <p className="panel-content note">Nothing has been said yet.</p>;
  return (
    <div className="panel-content">
      <p className="note">
        {counted(count, "branch", "branches")}. Editing a turn, or having it answered again, begins another.
      </p>
      <Branch conversation={conversation} parent={null} shown={shown} />
    </div>
  );
}

interface BranchProps {
  readonly conversation: Conversation;
  readonly parent: string | null;
  readonly shown: ReadonlySet<string>;
}

/** Turns in a row stand below each other; only where several follow one is the list indented. */
function Branch({ conversation, parent, shown }: BranchProps): ReactElement | null {
  const starts = childrenOf(conversation, parent);
  if (starts.length === 0) return null;
  return (
    <ul className="branches" data-forked={starts.length > 1}>
      {starts.map((start) => {
        const run = runFrom(conversation, start);
        return (
          <li key={start.id}>
            {run.map((turn) => (
              <BranchTurn key={turn.id} turn={turn} shown={shown.has(turn.id)} />
            ))}
            <Branch conversation={conversation} parent={run.at(-1)!.id} shown={shown} />
          </li>
        );
      })}
    </ul>
  );
}

function BranchTurn({ turn, shown }: { readonly turn: Turn; readonly shown: boolean }): ReactElement {
  const playground = usePlayground();
  const text = textOf(turn).replace(/\s+/g, " ").trim();
  return (
    <button
      type="button"
      className="branch-turn"
      data-role={turn.role}
      aria-current={shown ? "true" : undefined}
      onClick={() => playground.showTurn(turn.id)}
    >
      <span className="visually-hidden">{turn.role === "user" ? "You:" : "Model:"}</span>
      {text || "…"}
    </button>
  );
}

/** A turn and those after it, as long as only one follows. */
function runFrom(conversation: Conversation, start: Turn): readonly Turn[] {
  const run = [start];
  for (;;) {
    const next = childrenOf(conversation, run.at(-1)!.id);
    if (next.length !== 1) return run;
    run.push(next[0]!);
  }
}
