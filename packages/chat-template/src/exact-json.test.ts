import fc from "fast-check";
import { expect, test } from "vitest";
import { JsonNumber, parseExactJson, writtenKeys } from "./exact-json.ts";

test("reads what JSON.parse reads", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), fc.constantFrom(undefined, 1), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(JSON.stringify(parseExactJson(text))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});

test("refuses what JSON.parse refuses", () => {
  const almostJson = fc
    .array(
      fc.constantFrom(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"a"',
        '"',
        "1",
        "-",
        ".",
        "e",
        "0",
        "true",
        "nul",
        " ",
        "\n",
        "\\",
      ),
    )
    .map((parts) => parts.join(""));
  const isJson = (text: string) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(almostJson, (text) => {
      if (isJson(text)) expect(JSON.stringify(parseExactJson(text))).toBe(JSON.stringify(JSON.parse(text)));
      else expect(() => parseExactJson(text)).toThrow(expect.objectContaining({ code: "TEMPLATE_VALUE" }));
    }),
    { numRuns: 2000 },
  );
});

test("keeps how a number is written where JavaScript would write it differently", () => {
  expect(parseExactJson("[1, 0.5, -3, 1e+21]")).toEqual([1, 0.5, -3, 1e21]);
  for (const text of ["1.0", "1e5", "-0", "12345678901234567890", "1e999"])
    expect(parseExactJson(text)).toEqual(new JsonNumber(text));
});

test("a number that is kept as written still counts and serializes as a number", () => {
  const number = parseExactJson("2.0") as JsonNumber;
  expect(Number(number) + 1).toBe(3);
  expect(JSON.stringify({ number })).toBe('{"number":2}');
});

test("remembers the order of keys that look like integers", () => {
  const object = parseExactJson('{"b": 1, "10": 2, "2": 3}') as object;
  expect(Object.keys(object)).toEqual(["2", "10", "b"]);
  expect(writtenKeys(object)).toEqual(["b", "10", "2"]);
});

test("a key named __proto__ is a key", () => {
  const object = parseExactJson('{"__proto__": {"a": 1}}') as object;
  expect(Object.keys(object)).toEqual(["__proto__"]);
  expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
});

test("says where the text stops being JSON", () => {
  expect(() => parseExactJson('{"a": 1, oops}')).toThrow(/unexpected " oops}" at position 8/);
});

test("text that is nested without end is refused", () => {
  expect(() => parseExactJson("[".repeat(100_000))).toThrow(
    expect.objectContaining({ code: "TEMPLATE_VALUE" }),
  );
  const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  expect(parseExactJson(deep(500))).toEqual(JSON.parse(deep(500)));
});
