// How Python spells and trims text, where JavaScript does it differently.

/** What `str.isspace` holds for: unlike `\s` with U+001C–1F and U+0085, and without U+FEFF. */
export const PYTHON_SPACE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const SPACE = new RegExp(`[${PYTHON_SPACE}]`);
const NOT_SPACE = new RegExp(`[^${PYTHON_SPACE}]+`, "g");

/** `str.strip`, `lstrip` and `rstrip`: white space, or any of `characters`. */
export function strip(text: string, side: "both" | "left" | "right", characters?: string): string {
  const set = characters === undefined ? undefined : new Set(characters);
  const isStripped = (character: string) => (set ? set.has(character) : SPACE.test(character));
  const units = set ? [...text] : text;
  let start = 0;
  let end = units.length;
  if (side !== "right") while (start < end && isStripped(units[start]!)) start++;
  if (side !== "left") while (start < end && isStripped(units[end - 1]!)) end--;
  return typeof units === "string" ? units.slice(start, end) : units.slice(start, end).join("");
}

/** `str.split()` without a separator: at runs of white space, at most `limit` times. */
export function splitAtSpace(text: string, limit = -1): string[] {
  const words: string[] = [];
  for (const match of text.matchAll(NOT_SPACE)) {
    if (limit >= 0 && words.length === limit) {
      words.push(strip(text.slice(match.index), "left"));
      break;
    }
    words.push(match[0]);
  }
  return words;
}

/** `repr(float)`: the shortest digits that give the number back, with an exponent below 1e-4 and from 1e16. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [digits, exponentText] = value.toExponential().split("e") as [string, string];
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? "-" : "+";
    return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  // Within these bounds JavaScript writes no exponent from 1e-6 to 1e21.
  const text = String(value);
  return text.includes(".") ? text : `${text}.0`;
}

/** Characters that are written as they are even where Python would escape them. */
export interface Literal {
  has(character: string): boolean;
}

export const NOTHING_LITERAL: Literal = new Set();

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };

/**
 * `repr(str)`: single quotes unless only they occur in the text, and escapes for what does not print.
 */
export function quoted(text: string, literal: Literal): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(/[\\'"]|(?! )[\p{C}\p{Z}]/gu, (character) => {
    if (character === "'" || character === '"') return character === quote ? `\\${character}` : character;
    if (literal.has(character)) return character;
    return ESCAPES[character] ?? codePointEscape(character.codePointAt(0)!);
  });
  return quote + body + quote;
}

function codePointEscape(codePoint: number): string {
  const digits = codePoint.toString(16);
  if (codePoint <= 0xff) return `\\x${digits.padStart(2, "0")}`;
  return codePoint <= 0xffff ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}

/**
 * A string as `json.dumps` writes it. Unlike in JSON.stringify unpaired surrogates are not escaped.
 */
export function jsonString(text: string, ensureAscii: boolean, literal: Literal): string {
  const escaped = text.replace(/["\\\x00-\x1f]/g, (character) => JSON.stringify(character).slice(1, -1));
  if (!ensureAscii) return `"${escaped}"`;
  const ascii = escaped.replace(/[^ -~]/g, (unit) =>
    literal.has(unit) ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `"${ascii}"`;
}
