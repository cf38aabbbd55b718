import fc from "fast-check";
import { expect, test } from "vitest";
import { DuplicateKeyError, parseStrictJson } from "./strict-json.ts";

test("any JSON that JSON.stringify writes is parsed as JSON.parse parses it", () => {
  const json = fc.json({ maxDepth: 8, stringUnit: "binary" });
  fc.assert(fc.property(json, (text) => void expect(parseStrictJson(text)).toEqual(JSON.parse(text))));
});

test.each([
  ['{"a": 1, "a": 2}', "a"],
  ['{"b": {"x": 1, "y": [{}], "x": 1}}', "x"],
  ['[{"c": {"c": 1}}, {"c": 1, "c": 2}]', "c"],
  ['{"\\u0061": 1, "a": 2}', "a"],
  ['{"__proto__": 1, "__proto__": 2}', "__proto__"],
])("a name that an object has twice is found: %s", (text, key) => {
  expect(() => parseStrictJson(text)).toThrow(DuplicateKeyError);
  expect(() => parseStrictJson(text)).toThrow(expect.objectContaining({ key }));
});

test("one name in several objects is no repetition", () => {
  const text = '{"a": {"a": [{"a": "a"}, {"a": "a"}]}, "b": "a", "c": ["b", "b"]}';
  expect(parseStrictJson(text)).toEqual(JSON.parse(text));
});

test.each([["[".repeat(1_000_000)], ['{"a":'.repeat(1_000_000)], [`${"[".repeat(17)}${"]".repeat(17)}`]])(
  "nesting beyond 16 levels is refused before it costs memory",
  (text) => {
    expect(() => parseStrictJson(text)).toThrow("nested deeper than 16 levels");
  },
);

test("text that is not JSON is a SyntaxError, and only that", () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\",
    "a",
    "1",
    " ",
    '"k"',
    "null",
    "\u{1f600}",
  );
  fc.assert(
    fc.property(
      fc.array(pieces).map((list) => list.join("")),
      (text) => {
        try {
          expect(parseStrictJson(text)).toEqual(JSON.parse(text));
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      },
    ),
    { numRuns: 1000 },
  );
});
