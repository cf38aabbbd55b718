import { type ReactElement, useState } from "react";
import type { Step } from "../conversation/turn.ts";
import { Icon } from "../shell/icon.tsx";
import { usePlayground } from "../shell/playground-context.ts";
import { counted, secondsText } from "../shell/quantities.ts";
import { useNow } from "./use-now.ts";

interface Props {
  readonly step: Step;
  readonly live: boolean;
}

const endings: Readonly<Record<string, string>> = {
  newline: "ended by the budget",
  hard: "cut by the budget",
  user: "ended by you",
};

/** The reasoning, open while it is written and folded away after, unless the reader says otherwise. */
export function ReasoningTrace({ step, live }: Props): ReactElement {
  const playground = usePlayground();
  const isThinking = live && step.reasoningEndedAt === undefined;
  const [choice, setChoice] = useState<boolean>();
  const isOpen = choice ?? isThinking;
  const now = useNow(isThinking);
  const end = step.reasoningEndedAt ?? (isThinking ? now : (step.lastTokenAt ?? step.startedAt));
  const seconds = Math.max(0, end - (step.firstTokenAt ?? step.startedAt)) / 1000;
  const ending = endings[step.finish?.reasoningEnd ?? ""];
  return (
    <div className="reasoning" data-thinking={isThinking}>
      <div className="row">
        <button
          type="button"
          className="reasoning-summary"
          aria-expanded={isOpen}
          onClick={() => setChoice(!isOpen)}
        >
          <Icon name="chevron" />
          <span>
            {isThinking ? "Thinking" : "Thought"} for <span className="figure">{secondsText(seconds)}</span> ·{" "}
            <span className="figure">{counted(step.reasoningTokenCount, "token")}</span>
            {ending && ` · ${ending}`}
          </span>
        </button>
        {isThinking && (
          <button type="button" className="chip" onClick={() => playground.endThinking()}>
            Answer now
          </button>
        )}
      </div>
      {isOpen && <p className="reasoning-text">{step.reasoning.trim()}</p>}
    </div>
  );
}
