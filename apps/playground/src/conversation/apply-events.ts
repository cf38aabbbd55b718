import type { ToolRunEvent } from "krait";
import { type AssistantTurn, type CallRecord, emptyStep, type Step, type TokenRecord } from "./turn.ts";

/** An event, and when the page got it. */
export interface TimedEvent {
  readonly event: ToolRunEvent;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** For a token whose probability was asked for. */
  readonly record?: TokenRecord | undefined;
}

type Draft<Value> = { -readonly [Key in keyof Value]: Value[Key] };
type StepDraft = Draft<Step> & { tokens: TokenRecord[]; warnings: string[] };

/** Takes what a model has done since into its turn. */
export function applyEvents(turn: AssistantTurn, events: readonly TimedEvent[]): AssistantTurn {
  const drafts: StepDraft[] = [];
  const steps: Step[] = [...turn.steps];
  /** The last step is copied once for all events, since a token a copy would take the square of the tokens. */
  const last = (at: number): StepDraft => {
    if (drafts.length === 0) drafts.push(draftOf(steps.pop() ?? emptyStep(at)));
    return drafts.at(-1)!;
  };
  for (const { event, at, record } of events) {
    if (event.type === "step") {
      drafts.push(draftOf(emptyStep(at)));
    } else {
      applyEvent(last(at), event, at, record);
    }
  }
  return { ...turn, steps: [...steps, ...drafts] };
}

function draftOf(step: Step): StepDraft {
  return { ...step, tokens: [...step.tokens], warnings: [...step.warnings] };
}

function applyEvent(
  step: StepDraft,
  event: Exclude<ToolRunEvent, { type: "step" }>,
  at: number,
  record: TokenRecord | undefined,
): void {
  switch (event.type) {
    case "prefill":
      step.prefill = { tokens: event.tokens, totalTokens: event.totalTokens };
      break;
    case "token":
      step.firstTokenAt ??= at;
      step.lastTokenAt = at;
      step.tokenCount++;
      if (event.reasoning) step.reasoningTokenCount++;
      else if (step.reasoningTokenCount > 0) step.reasoningEndedAt ??= at;
      if (record !== undefined) step.tokens.push(record);
      break;
    case "reasoning-delta":
      step.reasoning += event.text;
      break;
    case "text-delta":
      step.text += event.text;
      break;
    case "tool-call-start":
      step.calls = [
        ...step.calls,
        { index: event.index, id: undefined, name: event.name, arguments: "", state: "writing" },
      ];
      break;
    case "tool-call-delta":
      step.calls = changed(step.calls, event.index, (call) => ({
        ...call,
        arguments: call.arguments + event.text,
      }));
      break;
    case "tool-call-end":
      step.calls = changed(step.calls, event.index, (call) => ({
        ...call,
        arguments: event.arguments,
        state: "calling",
      }));
      break;
    case "tool-call-abort":
      step.calls = step.calls.filter(({ index }) => index !== event.index);
      break;
    case "tool-result":
      step.calls = withResult(step.calls, event);
      break;
    case "warning":
      step.warnings.push(event.message);
      break;
    case "finish":
      if (step.reasoningTokenCount > 0) step.reasoningEndedAt ??= at;
      step.finish = {
        reason: event.finishReason,
        reasoningEnd: event.reasoningEnd,
        usage: event.usage,
        ...event.timing,
      };
  }
}

function changed(
  calls: readonly CallRecord[],
  index: number,
  change: (call: CallRecord) => CallRecord,
): readonly CallRecord[] {
  return calls.map((call) => (call.index === index ? change(call) : call));
}

/** Results come in the order of the calls. */
function withResult(
  calls: readonly CallRecord[],
  { call, content, error }: Extract<ToolRunEvent, { type: "tool-result" }>,
): readonly CallRecord[] {
  const next = calls.find(({ state }) => state === "calling")?.index;
  return calls.map((each) =>
    each.index === next ? { ...each, id: call.id, state: error ? "failed" : "done", result: content } : each,
  );
}
