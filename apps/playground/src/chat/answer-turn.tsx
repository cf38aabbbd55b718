import { memo, type ReactElement, useState } from "react";
import { type AssistantTurn, textOf } from "../conversation/turn.ts";
import { useApp, usePlayground } from "../shell/playground-context.ts";
import { AnswerFooter } from "./answer-footer.tsx";
import { AnswerStep } from "./answer-step.tsx";
import { TokenInspector } from "./token-inspector.tsx";
import { TurnActions } from "./turn-actions.tsx";
import { TurnEditor } from "./turn-editor.tsx";

interface Props {
  readonly turn: AssistantTurn;
  /** Whether it is being written. */
  readonly live: boolean;
}

/** What a model answered: its reasoning, its calls and its words. */
export const AnswerTurn = memo(function AnswerTurn({ turn, live }: Props): ReactElement {
  const playground = usePlayground();
  const isReady = useApp(({ model }) => model.status === "ready");
  const isIdle = useApp(({ generating }) => generating === undefined);
  const [shown, setShown] = useState<"text" | "tokens" | "editor">("text");
  const tokens = turn.steps.flatMap((step) => step.tokens);
  const toggleTokens = (): void => setShown(shown === "tokens" ? "text" : "tokens");
  return (
    <article
      className="turn answer"
      aria-label={turn.author}
      aria-busy={live}
      data-turn={turn.id}
      tabIndex={-1}
    >
      {shown === "tokens" && <TokenInspector tokens={tokens} />}
      {shown === "editor" && (
        <TurnEditor
          text={textOf(turn)}
          action="Save"
          onCancel={() => setShown("text")}
          onSave={(text) => {
            setShown("text");
            void playground.edit(turn.id, text);
          }}
        />
      )}
      {shown === "text" &&
        turn.steps.map((step, index) => (
          <AnswerStep key={index} step={step} live={live && index === turn.steps.length - 1} />
        ))}
      {turn.state === "failed" && (
        <p className="failure" role="alert">
          {turn.error}
        </p>
      )}
      {turn.state === "stopped" && <p className="note">Stopped.</p>}
      <AnswerFooter turn={turn} live={live} />
      {!live && (
        <TurnActions
          turn={turn}
          onEdit={isIdle ? () => setShown("editor") : undefined}
          onRegenerate={isReady && isIdle ? () => playground.regenerate(turn.id) : undefined}
          onTokens={tokens.length > 0 ? toggleTokens : undefined}
          tokensShown={shown === "tokens"}
        />
      )}
    </article>
  );
});
