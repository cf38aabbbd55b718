import type { ToolRunEvent } from "krait";
import { expect, test } from "vitest";
import { AnswerView, type AnswerViewOptions, speedLine } from "./answer-view.ts";

const styles = { dim: (text: string) => `‹${text}›`, bold: (text: string) => text };

/** What a view of these events writes. */
function shown(events: readonly ToolRunEvent[], options: Partial<AnswerViewOptions> = {}, isComplete = true) {
  let text = "";
  const output = { write: (part: string) => (text += part) };
  const statuses: string[] = [];
  const status = { update: (line: string) => void statuses.push(line), clear() {} };
  const view = new AnswerView({
    ...{ answer: output, aside: output, isTerminal: true, reasoning: "show", callsAreExecuted: true },
    ...{ styles, status, ...options },
  });
  for (const event of events) view.show(event);
  view.end({ isComplete });
  return { text, statuses };
}

const token = (reasoning: boolean) =>
  ({ type: "token", token: 1, position: 0, reasoning, forced: false }) as const;
const finish = (completionTokens: number, decodeSeconds: number) =>
  ({
    type: "finish",
    finishReason: "stop",
    reasoningEnd: undefined,
    stop: undefined,
    usage: { promptTokens: 1, cachedTokens: 0, completionTokens, reasoningTokens: 0 },
    timing: { queueSeconds: 0, prefillSeconds: 0, decodeSeconds },
  }) as const;
const reasoned: ToolRunEvent[] = [
  token(true),
  { type: "reasoning-delta", text: "Hm" },
  token(true),
  { type: "reasoning-delta", text: "m." },
  token(false),
  { type: "text-delta", text: "Yes" },
  { type: "text-delta", text: "!" },
  finish(3, 1),
];
const called: ToolRunEvent[] = [
  { type: "tool-call-start", index: 0, name: "f" },
  { type: "tool-call-end", index: 0, name: "f", arguments: '{"a":1}' },
  {
    type: "tool-result",
    call: { id: "call_1", name: "f", arguments: '{"a":1}' },
    content: { b: 2 },
    error: false,
  },
  { type: "text-delta", text: "Two.\n" },
];

test("on a terminal the reasoning is dimmed, and a blank line sets the answer apart", () => {
  expect(shown(reasoned).text).toBe("‹Hm›‹m.›\n\nYes!\n");
});

test("collapsed reasoning is a count that runs while it lasts, and then a line", () => {
  const { text, statuses } = shown(reasoned, { reasoning: "collapse" });
  expect(text).toBe("‹Thought for 2 tokens.›\n\nYes!\n");
  expect(statuses).toEqual(["thinking… 1 token", "thinking… 2 tokens"]);
});

test("hidden reasoning leaves the answer alone", () => {
  expect(shown(reasoned, { reasoning: "hide" }).text).toBe("Yes!\n");
});

test("in a pipe the answer goes one way and the reasoning another, or nowhere", () => {
  let aside = "";
  const pipe = { isTerminal: false, styles: { dim: (text: string) => text, bold: (text: string) => text } };
  const beside = { ...pipe, aside: { write: (part: string) => (aside += part) } };
  expect(shown(reasoned, beside).text).toBe("Yes!\n");
  expect(aside).toBe("Hmm.\n");
  expect(shown(reasoned, { ...pipe, aside: undefined, reasoning: "hide" }).text).toBe("Yes!\n");
});

test("reasoning and answer that reach one place by two ways do not run together", () => {
  let both = "";
  const way = () => ({ write: (part: string) => (both += part) });
  const styles = { dim: (text: string) => text, bold: (text: string) => text };
  shown(reasoned, { isTerminal: false, styles, answer: way(), aside: way() });
  expect(both).toBe("Hmm.\nYes!\n");
});

test("a tool's call and result are shown on lines of their own before the answer to them", () => {
  expect(shown(called).text).toBe('→ f({"a":1})\n‹← {"b":2}›\n\nTwo.\n');
});

test("in a pipe a call that nobody executes is the answer, and one that is executed is not part of it", () => {
  const calls = called.slice(0, 2);
  const pipe = { isTerminal: false, aside: undefined };
  expect(shown(calls, { ...pipe, callsAreExecuted: false }).text).toBe('f({"a":1})\n');
  expect(shown(called, pipe).text).toBe("Two.\n");
});

test("what the model writes cannot steer the terminal, but reaches a pipe as it is", () => {
  const events: ToolRunEvent[] = [{ type: "text-delta", text: "a\u001b[2J\u0007\tb\u009b\n" }];
  expect(shown(events).text).toBe("a␛[2J␇\tb\ufffd\n");
  expect(shown(events, { isTerminal: false }).text).toBe("a\u001b[2J\u0007\tb\u009b\n");
});

test("the speed counts from each answer's first token, over all answers of a turn", () => {
  expect(speedLine([finish(11, 1)])).toBe("11 tokens, 10 tokens/s");
  expect(speedLine([finish(11, 1), finish(21, 2)])).toBe("32 tokens, 10 tokens/s");
  expect(speedLine([finish(1, 0)])).toBe("1 token");
});

test("on a terminal the newlines with which a block begins are left out, in a pipe they are not", () => {
  const events: ToolRunEvent[] = [
    { type: "reasoning-delta", text: "Hm.\n" },
    { type: "text-delta", text: "\n\n" },
    { type: "text-delta", text: "\nYes.\n\nNo.\n" },
  ];
  expect(shown(events).text).toBe("‹Hm.\n›\nYes.\n\nNo.\n");
  expect(shown(events, { isTerminal: false, aside: undefined }).text).toBe("\n\n\nYes.\n\nNo.\n");
});

test("in a pipe an answer of no words is an empty line, unless it broke off", () => {
  const pipe = { isTerminal: false, aside: undefined };
  expect(shown([finish(1, 0)], pipe).text).toBe("\n");
  expect(shown([], pipe, false).text).toBe("");
  expect(shown([finish(1, 0)]).text).toBe("");
});
