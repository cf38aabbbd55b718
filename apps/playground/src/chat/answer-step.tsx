import { memo, type ReactElement } from "react";
import type { Step } from "../conversation/turn.ts";
import { Markdown } from "../markdown/markdown.tsx";
import { ReasoningTrace } from "./reasoning-trace.tsx";
import { ToolCall } from "./tool-call.tsx";

interface Props {
  readonly step: Step;
  readonly live: boolean;
}

export const AnswerStep = memo(function AnswerStep({ step, live }: Props): ReactElement {
  const { reasoning, text, calls, warnings, prefill, tokenCount } = step;
  const isReading = live && tokenCount === 0;
  return (
    <section className="step">
      {isReading && <Reading prefill={prefill} />}
      {(reasoning !== "" || step.reasoningTokenCount > 0) && <ReasoningTrace step={step} live={live} />}
      {text.trim() !== "" && <Markdown text={text} />}
      {calls.map((call) => (
        <ToolCall key={call.index} call={call} />
      ))}
      {warnings.map((warning) => (
        <p className="note" key={warning}>
          {warning}
        </p>
      ))}
    </section>
  );
});

/** The prompt is being read; how far it is where that takes a while. */
function Reading({ prefill }: Pick<Step, "prefill">): ReactElement {
  const share = prefill && prefill.totalTokens > 0 ? prefill.tokens / prefill.totalTokens : 0;
  return (
    <p className="note reading">
      <span className="pulse" aria-hidden="true" />
      Reading{prefill && share < 1 && ` ${prefill.tokens} of ${prefill.totalTokens} tokens`}…
    </p>
  );
}
