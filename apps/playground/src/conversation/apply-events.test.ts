import type { ToolRunEvent } from "krait";
import { expect, test } from "vitest";
import { applyEvents, type TimedEvent } from "./apply-events.ts";
import { messagesOf } from "./messages.ts";
import type { AssistantTurn } from "./turn.ts";

const turn: AssistantTurn = {
  id: "t",
  parent: "u",
  role: "assistant",
  steps: [],
  state: "running",
  author: "tiny",
  createdAt: 0,
};

const token = (reasoning: boolean): ToolRunEvent => ({
  type: "token",
  token: 1,
  position: 1,
  reasoning,
  forced: false,
});

const finish = (finishReason: "stop" | "tool-calls"): ToolRunEvent => ({
  type: "finish",
  finishReason,
  reasoningEnd: "model",
  stop: undefined,
  usage: { promptTokens: 10, cachedTokens: 4, completionTokens: 3, reasoningTokens: 1 },
  timing: { queueSeconds: 0, prefillSeconds: 0.1, decodeSeconds: 0.2 },
});

/** Events at 0, 1, 2, … milliseconds. */
const timed = (events: readonly ToolRunEvent[]): TimedEvent[] => events.map((event, at) => ({ event, at }));

const call = { id: "call_1", name: "calculate", arguments: '{"expression":"1+1"}' };
const roundTrip: readonly ToolRunEvent[] = [
  { type: "step", step: 1 },
  { type: "prefill", tokens: 10, totalTokens: 10 },
  token(true),
  { type: "reasoning-delta", text: "Sum. " },
  token(false),
  { type: "tool-call-start", index: 0, name: "calculate" },
  { type: "tool-call-delta", index: 0, text: '{"expression":' },
  { type: "tool-call-delta", index: 0, text: '"1+1"}' },
  { type: "tool-call-end", index: 0, name: "calculate", arguments: call.arguments },
  finish("tool-calls"),
  { type: "tool-result", call, content: { result: 2 }, error: false },
  { type: "step", step: 2 },
  token(false),
  { type: "text-delta", text: "It is 2." },
  finish("stop"),
];

test("a turn tells what the model thought, called and said, step by step", () => {
  const { steps } = applyEvents(turn, timed(roundTrip));
  expect(steps).toMatchObject([
    {
      reasoning: "Sum. ",
      tokenCount: 2,
      reasoningTokenCount: 1,
      startedAt: 0,
      firstTokenAt: 2,
      reasoningEndedAt: 4,
      calls: [{ id: "call_1", arguments: call.arguments, state: "done", result: { result: 2 } }],
      finish: { reason: "tool-calls", prefillSeconds: 0.1 },
    },
    { text: "It is 2.", tokenCount: 1, startedAt: 11, finish: { reason: "stop" } },
  ]);
});

test("events in any portions make the same turn as all at once", () => {
  const events = timed(roundTrip);
  const whole = applyEvents(turn, events);
  for (const size of [1, 2, 5]) {
    let portioned = turn;
    for (let from = 0; from < events.length; from += size) {
      portioned = applyEvents(portioned, events.slice(from, from + size));
    }
    expect(portioned).toEqual(whole);
  }
  expect(turn.steps).toEqual([]);
});

test("a call that breaks off is forgotten", () => {
  const { steps } = applyEvents(
    turn,
    timed([...roundTrip.slice(0, 7), { type: "tool-call-abort", index: 0 }]),
  );
  expect(steps[0]!.calls).toEqual([]);
});

test("the model is given calls with their results, and its answers without the reasoning", () => {
  const answer = applyEvents(turn, timed(roundTrip));
  const user = { id: "u", parent: null, role: "user", text: "1+1?", createdAt: 0 } as const;
  expect(messagesOf([user, answer], "Be brief.")).toEqual([
    { role: "system", content: "Be brief." },
    { role: "user", content: "1+1?" },
    {
      role: "assistant",
      content: null,
      tool_calls: [
        { id: "call_1", type: "function", function: { name: "calculate", arguments: call.arguments } },
      ],
    },
    { role: "tool", tool_call_id: "call_1", content: { result: 2 } },
    { role: "assistant", content: "It is 2." },
  ]);
});

test("the model is not told of a call whose answer was stopped before its result", () => {
  const stopped = applyEvents(turn, timed(roundTrip.slice(0, 10)));
  expect(messagesOf([stopped], "")).toEqual([]);
});
