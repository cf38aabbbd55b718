import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JsonValue } from "./json-value.ts";

/** Whether a text is one JSON value; a space behind it shows where a number ends. */
function accepts(text: string): boolean {
  const value = new JsonValue();
  let isComplete = false;
  for (const char of `${text} `) {
    if (isComplete) {
      if (!" \t\r\n".includes(char)) return false;
      continue;
    }
    const step = value.step(char);
    if (step === "broken") return false;
    if (step === "ended" && !" \t\r\n".includes(char)) return false;
    isComplete = step === "done" || step === "ended";
  }
  return isComplete;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("JsonValue", () => {
  test("accepts what JSON.parse accepts", () => {
    const token = fc.constantFrom(
      ...'[]{},:"\\ \n0123456789-+.eEtrufalsn/b\u0000\u001f\u007f',
      ...[
        "true",
        "false",
        "null",
        '"a"',
        '"\\u00e9"',
        "1.5",
        "-0",
        "1e9",
        "[]",
        "{}",
        '{"a":1}',
        "[1, 2]",
        "é",
      ],
    );
    let valid = 0;
    fc.assert(
      fc.property(fc.array(token, { maxLength: 8 }), (tokens) => {
        const text = tokens.join("");
        if (isJson(text)) valid++;
        expect({ text, accepted: accepts(text) }).toEqual({ text, accepted: isJson(text) });
      }),
      { numRuns: 20_000 },
    );
    expect(valid).toBeGreaterThan(500);
  });

  test("accepts every JSON value, however it is spaced", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat({ max: 3 }), (value, indent) => {
        expect(accepts(JSON.stringify(value, null, indent))).toBe(true);
      }),
    );
  });

  test("goes as deep as the text does", () => {
    expect(accepts("[".repeat(1_000_000) + "]".repeat(1_000_000))).toBe(true);
    expect(accepts("[".repeat(1_000_000) + "]".repeat(999_999))).toBe(false);
  });
});
