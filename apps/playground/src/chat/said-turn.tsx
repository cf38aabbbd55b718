import { memo, type ReactElement, useState } from "react";
import type { UserTurn } from "../conversation/turn.ts";
import { useApp, usePlayground } from "../shell/playground-context.ts";
import { TurnActions } from "./turn-actions.tsx";
import { TurnEditor } from "./turn-editor.tsx";

/** What a person said. */
export const SaidTurn = memo(function SaidTurn({ turn }: { readonly turn: UserTurn }): ReactElement {
  const playground = usePlayground();
  const canAnswer = useApp(({ model, generating }) => model.status === "ready" && generating === undefined);
  const [editing, setEditing] = useState(false);
  return (
    <article className="turn said" aria-label="You" data-turn={turn.id} tabIndex={-1}>
      {editing ? (
        <TurnEditor
          text={turn.text}
          action="Send"
          onCancel={() => setEditing(false)}
          onSave={(text) => {
            setEditing(false);
            void playground.edit(turn.id, text);
          }}
        />
      ) : (
        <p className="bubble">{turn.text}</p>
      )}
      {!editing && (
        <TurnActions
          turn={turn}
          onEdit={canAnswer ? () => setEditing(true) : undefined}
          onRegenerate={canAnswer ? () => playground.regenerate(turn.id) : undefined}
        />
      )}
    </article>
  );
});
