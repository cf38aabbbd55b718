import { quote, WeightError } from "../weight-error.ts";
import { scanJsonTokens } from "./json-tokens.ts";

/**
 * Parses a `config.json` as Python's libraries write it: JSON, plus the numbers that JSON lacks.
 *
 * transformers 4 writes them as bare words (`[0.0, Infinity]`, also `-Infinity` and `NaN`), which
 * `JSON.parse` refuses; transformers 5 writes `{"__float__": "Infinity"}`. Both become numbers.
 *
 * @param file - what to call the text in an error.
 * @throws {WeightError} `WEIGHT_FILE_INVALID` when the text is neither.
 */
export function parseConfigJson(text: string, file = "config.json"): unknown {
  try {
    return JSON.parse(wrapBareNumbers(text), (_, value) => unwrapNumber(value));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WeightError({
      code: "WEIGHT_FILE_INVALID",
      message: `${file} is not JSON: ${reason}. Download it again, or correct it.`,
      file,
      expected: "JSON",
      actual: text.slice(0, 80),
      cause,
    });
  }
}

/** Spells bare words the way transformers 5 does, so that one reviver serves both. */
function wrapBareNumbers(text: string): string {
  let wrapped = "";
  let copied = 0;
  scanJsonTokens(text, (start, end) => {
    const word = text.slice(start, Math.min(end, start + 10));
    if (word !== "Infinity" && word !== "-Infinity" && word !== "NaN") return;
    wrapped += `${text.slice(copied, start)}{"__float__":"${word}"}`;
    copied = end;
  });
  return wrapped + text.slice(copied);
}

function unwrapNumber(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("__float__" in value)) return value;
  switch (value.__float__) {
    case "Infinity":
      return Number.POSITIVE_INFINITY;
    case "-Infinity":
      return Number.NEGATIVE_INFINITY;
    case "NaN":
      return Number.NaN;
    default:
      throw new SyntaxError(
        `"__float__" is ${quote(String(value.__float__))}, not "Infinity", "-Infinity" or "NaN"`,
      );
  }
}
