import type { ReactElement } from "react";
import { useApp } from "../shell/playground-context.ts";

/** Says what happens to those who hear the page: each change once, and not every token. */
export function GenerationStatus(): ReactElement {
  const status = useApp(({ generating, conversations }) => {
    if (generating === undefined) return "";
    const turn = conversations[generating.conversation]?.turns[generating.turn];
    const step = turn?.role === "assistant" ? turn.steps.at(-1) : undefined;
    const call = step?.calls.find(({ state }) => state !== "done");
    if (call !== undefined) return `Calling ${call.name}`;
    if (step === undefined || step.tokenCount === 0) return "Reading the conversation";
    return step.reasoningTokenCount > 0 && step.reasoningEndedAt === undefined ? "Thinking" : "Answering";
  });
  return (
    <p className="visually-hidden" role="status">
      {status}
    </p>
  );
}
