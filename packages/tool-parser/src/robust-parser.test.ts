import { describe, expect, test } from "vitest";
import type { ParseWarningCode, ToolCall, ToolCallEvent } from "./events.ts";
import { createToolCallParser, parse } from "./parser.ts";

const WEATHER = '{"name": "weather", "arguments": {"city": "Oslo"}}';
const TIME = '{"name": "time", "arguments": {}}';
const weather: ToolCall = { name: "weather", arguments: '{"city": "Oslo"}' };
const time: ToolCall = { name: "time", arguments: "{}" };

type Expected = { reasoning?: string; text?: string; toolCalls?: ToolCall[]; warnings?: ParseWarningCode[] };

function check(text: string, reasoning: "on" | "off", expected: Expected, literal = false): void {
  const toolCallInReasoning = literal ? "literal" : "closes-reasoning";
  const { warnings, ...result } = parse(text, { reasoning, toolCallInReasoning });
  expect({ ...result, warnings: warnings.map(({ code }) => code) }).toEqual({
    reasoning: "",
    text: "",
    toolCalls: [],
    warnings: [],
    ...expected,
  });
}

describe("reasoning and text", () => {
  const cases: [string, string, "on" | "off", Expected][] = [
    [
      "the end marker and the white space beside it are dropped",
      "So.\n</think>\n\nHi",
      "on",
      { reasoning: "So.", text: "Hi" },
    ],
    ["without an end marker all is reasoning", "So.\n", "on", { reasoning: "So.\n" }],
    ["an empty trace", "</think>\n\nHi", "on", { text: "Hi" }],
    ["with reasoning off all is text", "Hi <think> there\n", "off", { text: "Hi <think> there\n" }],
    ["an echoed <think> is dropped", "\n<think>\nSo.</think>Hi", "on", { reasoning: "So.", text: "Hi" }],
    ["a later <think> is reasoning", "So <think>.</think>Hi", "on", { reasoning: "So <think>.", text: "Hi" }],
    [
      "a stray </think> inside text is kept",
      "The tag </think> ends it.",
      "off",
      { text: "The tag </think> ends it.", warnings: ["THINK_END_STRAY"] },
    ],
    [
      "a second </think> before any text is dropped",
      "So.</think>\n</think>\n\nHi",
      "on",
      { reasoning: "So.", text: "Hi", warnings: ["THINK_END_STRAY"] },
    ],
    [
      "a stray </TOOLCALL> is kept",
      "a </TOOLCALL> b",
      "off",
      { text: "a </TOOLCALL> b", warnings: ["TOOL_CALL_END_STRAY"] },
    ],
    ["the beginning of a marker at the end is text", "Hi </TOOLC", "off", { text: "Hi </TOOLC" }],
    ["the beginning of a marker at the end is reasoning", "So </thi", "on", { reasoning: "So </thi" }],
  ];
  test.each(cases)("%s", (_, text, reasoning, expected) => check(text, reasoning, expected));
});

describe("tool calls", () => {
  const cases: [string, string, Expected][] = [
    ["a call", `<TOOLCALL>[${WEATHER}]</TOOLCALL>`, { toolCalls: [weather] }],
    [
      "several calls in a block",
      `<TOOLCALL>[${WEATHER}, ${TIME}]</TOOLCALL>`,
      { toolCalls: [weather, time] },
    ],
    [
      "several blocks",
      `<TOOLCALL>[${WEATHER}]</TOOLCALL>\n<TOOLCALL>[${TIME}]</TOOLCALL>\n`,
      { toolCalls: [weather, time] },
    ],
    [
      "text on both sides keeps the white space between",
      `Wait.\n<TOOLCALL>[${WEATHER}]</TOOLCALL>\nDone.\n`,
      { text: "Wait.\n\nDone.\n", toolCalls: [weather] },
    ],
    [
      "text before a call loses the white space behind it",
      `Wait.\n\n<TOOLCALL>[${TIME}]</TOOLCALL>\n`,
      { text: "Wait.", toolCalls: [time] },
    ],
    ["a bare object", `<TOOLCALL>${WEATHER}</TOOLCALL>`, { toolCalls: [weather] }],
    ["an opening bracket alone", `<TOOLCALL>[${WEATHER}</TOOLCALL>`, { toolCalls: [weather] }],
    ["a closing bracket alone", `<TOOLCALL>${WEATHER}]</TOOLCALL>`, { toolCalls: [weather] }],
    ["objects without commas", `<TOOLCALL>${WEATHER}\n${TIME}</TOOLCALL>`, { toolCalls: [weather, time] }],
    [
      "markers inside a string",
      '<TOOLCALL>[{"name": "say", "arguments": {"x": "</TOOLCALL><TOOLCALL>[</think>"}}]</TOOLCALL>',
      { toolCalls: [{ name: "say", arguments: '{"x": "</TOOLCALL><TOOLCALL>[</think>"}' }] },
    ],
    [
      "arguments as a string of JSON",
      '<TOOLCALL>[{"name": "f", "arguments": "{\\"a\\": \\"\\\\n\\"}"}]</TOOLCALL>',
      { toolCalls: [{ name: "f", arguments: '{"a": "\\n"}' }] },
    ],
    [
      "arguments as a string of something else",
      '<TOOLCALL>[{"name": "f", "arguments": "Oslo, \\u00e9"}]</TOOLCALL>',
      { toolCalls: [{ name: "f", arguments: "Oslo, é" }], warnings: ["ARGUMENTS_NOT_OBJECT"] },
    ],
    [
      "arguments of another type",
      '<TOOLCALL>[{"name": "f", "arguments": [1.0, 2]}]</TOOLCALL>',
      { toolCalls: [{ name: "f", arguments: "[1.0, 2]" }], warnings: ["ARGUMENTS_NOT_OBJECT"] },
    ],
    [
      "arguments keep the spelling of the model",
      '<TOOLCALL>[{"name": "f", "arguments": { "a" : 1.0, "b":1e-7,\n"a":10000000000000000000001 }}]</TOOLCALL>',
      { toolCalls: [{ name: "f", arguments: '{ "a" : 1.0, "b":1e-7,\n"a":10000000000000000000001 }' }] },
    ],
    [
      "the name behind the arguments",
      '<TOOLCALL>[{"arguments": {}, "name": "time"}]</TOOLCALL>',
      { toolCalls: [time] },
    ],
    [
      "an id",
      '<TOOLCALL>[{"id": "c1", "name": "time", "arguments": {}}]</TOOLCALL>',
      { toolCalls: [{ id: "c1", ...time }] },
    ],
    [
      "no arguments",
      '<TOOLCALL>[{"name": "time"}]</TOOLCALL>',
      { toolCalls: [time], warnings: ["ARGUMENTS_MISSING"] },
    ],
    [
      "a member that is not known",
      '<TOOLCALL>[{"type": "function", "name": "time", "arguments": {}}]</TOOLCALL>',
      { toolCalls: [time], warnings: ["MEMBER_UNKNOWN"] },
    ],
    ["a missing end", `<TOOLCALL>[${TIME}]`, { toolCalls: [time], warnings: ["TOOL_CALL_END_MISSING"] }],
    [
      "a missing bracket and end",
      `<TOOLCALL>[${TIME}`,
      { toolCalls: [time], warnings: ["TOOL_CALL_END_MISSING"] },
    ],
    [
      "a missing end before another block",
      `<TOOLCALL>[${TIME}]<TOOLCALL>[${WEATHER}]</TOOLCALL>`,
      { toolCalls: [time, weather], warnings: ["TOOL_CALL_END_MISSING"] },
    ],
    ["an empty list", "<TOOLCALL>[ ]</TOOLCALL>", { warnings: ["TOOL_CALL_BLOCK_EMPTY"] }],
  ];
  test.each(cases)("%s", (_, text, expected) => check(text, "off", expected));
});

describe("what is not a valid call is text, as it was written", () => {
  const kept = [
    "<TOOLCALL>",
    "<TOOLCALL></TOOLCALL>",
    "a <TOOLCALL> tag",
    "<TOOLCALL>[",
    "<TOOLCALL>[{broken}]</TOOLCALL>",
    '<TOOLCALL>[{"name": "f", "arguments": {"a": 1,}}]</TOOLCALL>',
    '<TOOLCALL>[{"name": "f", "arguments": {"a": "line\nbreak"}}]</TOOLCALL>',
    '<TOOLCALL>[{"name": "f", "arguments": {"a": NaN}}]</TOOLCALL>',
    '<TOOLCALL>[{"name": "f", "arguments": {"a": 1}',
    '<TOOLCALL>[{"name": "f", "name": "g", "arguments": {}}]</TOOLCALL>',
    '<TOOLCALL>[{"name": 1, "arguments": {}}]</TOOLCALL>',
    '<TOOLCALL>[{"arguments": {}}]</TOOLCALL>',
    '<TOOLCALL>[{"name": "f", "parameters": {"a": 1}}]</TOOLCALL>',
    '<TOOLCALL>["f"]</TOOLCALL>',
    "<TOOLCALL>[[{}]]</TOOLCALL>",
  ];
  test.each(kept)("%s", (text) => check(text, "off", { text, warnings: ["TOOL_CALL_MALFORMED"] }));

  test("a broken call after a good one leaves the good one", () => {
    check(`<TOOLCALL>[${TIME}, {"name": "f", oops}]</TOOLCALL>\nBye`, "off", {
      text: '{"name": "f", oops}]\nBye',
      toolCalls: [time],
      warnings: ["TOOL_CALL_MALFORMED"],
    });
  });

  test("text between the list and the end of the block", () => {
    check(`<TOOLCALL>[${TIME}] Done.</TOOLCALL>`, "off", {
      text: "Done.",
      toolCalls: [time],
      warnings: ["TOOL_CALL_MALFORMED"],
    });
  });

  test("a string without an end does not swallow the next block", () => {
    const broken = '<TOOLCALL>[{"name": "f", "arguments": {"q": "abc}}]</TOOLCALL>';
    check(`${broken} <TOOLCALL>[${WEATHER}]</TOOLCALL>`, "off", {
      text: broken,
      toolCalls: [weather],
      warnings: ["TOOL_CALL_MALFORMED"],
    });
  });

  test("the source of an unknown member is in its warning", () => {
    const { warnings } = parse(`<TOOLCALL>[{"x" : {"y": 1}, "name": "f", "arguments": {}}]</TOOLCALL>`, {
      reasoning: "off",
    });
    expect(warnings.map(({ source }) => source)).toEqual(['"x" : {"y": 1}']);
  });
});

describe("a tool call while reasoning", () => {
  const text = `I look.\n<TOOLCALL>[${WEATHER}]</TOOLCALL>`;

  test("closes the reasoning by default", () => {
    check(text, "on", { reasoning: "I look.", toolCalls: [weather], warnings: ["TOOL_CALL_IN_REASONING"] });
  });

  test("and a </think> after it is dropped", () => {
    check(`${text}\n</think>\n\nHi`, "on", {
      reasoning: "I look.",
      text: "Hi",
      toolCalls: [weather],
      warnings: ["TOOL_CALL_IN_REASONING", "THINK_END_STRAY"],
    });
  });

  test("is reasoning where it is to be literal", () => {
    check(`${text}\n</think>\n\nHi`, "on", { reasoning: text, text: "Hi" }, true);
  });
});

describe("the events of a stream", () => {
  function eventsOf(pieces: readonly string[]): ToolCallEvent[][] {
    const parser = createToolCallParser({ reasoning: "off" });
    return [...pieces.map((piece) => parser.push(piece)), parser.flush()];
  }

  test("a call starts when its name is known and grows as its arguments arrive", () => {
    const pieces = [
      "Hi\n<TOOL",
      'CALL>[{"na',
      'me": "f"',
      ', "arguments": {"a"',
      ": 1}",
      "}]",
      "</TOOLCALL>",
    ];
    expect(eventsOf(pieces)).toEqual([
      [{ type: "text-delta", text: "Hi" }],
      [],
      [{ type: "tool-call-start", index: 0, name: "f" }],
      [{ type: "tool-call-delta", index: 0, text: '{"a"' }],
      [{ type: "tool-call-delta", index: 0, text: ": 1}" }],
      [{ type: "tool-call-end", index: 0, name: "f", arguments: '{"a": 1}' }],
      [],
      [],
    ]);
  });

  test("a call whose name comes last starts then, with all of its arguments", () => {
    expect(eventsOf(['<TOOLCALL>[{"arguments": {}', ', "name": "f"', "}]</TOOLCALL>"])).toEqual([
      [],
      [
        { type: "tool-call-start", index: 0, name: "f" },
        { type: "tool-call-delta", index: 0, text: "{}" },
      ],
      [{ type: "tool-call-end", index: 0, name: "f", arguments: "{}" }],
      [],
    ]);
  });

  test("a call that breaks off is aborted, and follows as text", () => {
    const [started, broken] = eventsOf(['<TOOLCALL>[{"name": "f", "arguments": {', "oops"]);
    expect(started).toEqual([
      { type: "tool-call-start", index: 0, name: "f" },
      { type: "tool-call-delta", index: 0, text: "{" },
    ]);
    expect(broken).toEqual([
      { type: "tool-call-abort", index: 0 },
      expect.objectContaining({ type: "warning", code: "TOOL_CALL_MALFORMED" }),
      { type: "text-delta", text: '<TOOLCALL>[{"name": "f", "arguments": {oops' },
    ]);
  });

  test("an escaped surrogate pair in a string of arguments arrives whole", () => {
    const events = eventsOf([
      '<TOOLCALL>[{"name": "f", "arguments": "\\ud83d',
      "\\ude00",
      '"}]</TOOLCALL>',
    ]).flat();
    expect(events).toContainEqual({ type: "tool-call-delta", index: 0, text: "😀" });
  });
});
