import fc from "fast-check";

const MARKERS = ["<think>", "</think>", "<TOOLCALL>", "</TOOLCALL>"];
const PARTS_OF_MARKERS = ["<", "</", "<TOOL", "CALL>", "</TOOLCA", "</thi", "nk>", "<<", "think>"];
const PARTS_OF_JSON = ["[", "]", "{", "}", ",", ":", '"', "\\", '\\"', "\\u00", "\\ud83d", "\\ude00"];
const SPACES = [" ", "\n", "\n\n", "\t", "\r\n", "\u00a0"];
const TEXTS = ["text", "é", "日本", "😀", "0", "-1.5e3", "01", "true", "nul", "\u0000"];
const MEMBERS = [
  ...['"name": "f"', '"name" : "</TOOLCALL>"', '"n\\u0061me":"g"', '"name": ""', '"name": 1'],
  ...['"arguments": {"a": [1, "é", null]}', '"arguments": "{\\"b\\": \\"\\\\n\\"}"', '"arguments": "x"'],
  ...[
    '"arguments": {"x": "<TOOLCALL>[{\\"name\\"</TOOLCALL>"}',
    '"arguments": [1]',
    '"arguments":12',
    '"arguments": {',
  ],
  ...['"id": "c1"', '"id": 1', '"type": "function"', '"type": "fun'],
];

const call = fc
  .array(fc.constantFrom(...MEMBERS), { maxLength: 4 })
  .map((members) => `{${members.join(", ")}}`);
const goodCall = fc
  .tuple(fc.constantFrom("f", "<think>"), fc.constantFrom('{"a": 1}', '"{}"', '"\\ud83d\\ude00"', "-0"))
  .map(([name, json]) => `{"name": "${name}", "arguments": ${json}}`);
const block = fc
  .array(fc.oneof(goodCall, call), { maxLength: 3 })
  .map((calls) => `<TOOLCALL>[${calls.join(", ")}]</TOOLCALL>`);

/** Markers and parts of them, JSON and parts of it, quotes, escapes, space, Unicode: in any order. */
export const adversarialText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...MARKERS) },
      { weight: 2, arbitrary: fc.constantFrom(...PARTS_OF_MARKERS) },
      { weight: 4, arbitrary: fc.constantFrom(...PARTS_OF_JSON) },
      { weight: 2, arbitrary: fc.constantFrom(...SPACES) },
      { weight: 2, arbitrary: fc.constantFrom(...TEXTS) },
      { weight: 2, arbitrary: fc.constantFrom(...MEMBERS) },
      { weight: 3, arbitrary: goodCall },
      { weight: 3, arbitrary: call },
      { weight: 3, arbitrary: block },
      { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 5 }) },
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(""));

export const parserOptions: fc.Arbitrary<{
  reasoning: "on" | "off";
  toolCallInReasoning: "closes-reasoning" | "literal";
}> = fc.record({
  reasoning: fc.constantFrom("on", "off"),
  toolCallInReasoning: fc.constantFrom("closes-reasoning", "literal"),
});
