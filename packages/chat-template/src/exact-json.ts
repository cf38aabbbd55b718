import { ChatTemplateError, describe } from "./chat-template-error.ts";

// Templates are written for Python, which keeps what JSON.parse loses: that 1.0 is not 1, the digits of large
// integers, and the order of keys that look like integers.

/** A number whose JSON text is not what JavaScript would write for it, such as `1.0` or `12345678901234567890`. */
export class JsonNumber {
  /** The number as it was written. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  valueOf(): number {
    return Number(this.text);
  }

  toJSON(): number {
    return Number(this.text);
  }
}

/** How deeply values may be nested. Python stops at about a thousand. */
export const DEEPEST = 500;

export function tooDeep(path: string): ChatTemplateError {
  const start = path.slice(0, 40);
  return new ChatTemplateError({
    code: "TEMPLATE_VALUE",
    message: `${start}… is nested more than ${DEEPEST} levels deep, or contains itself.`,
    field: start,
    expected: `at most ${DEEPEST} levels`,
  });
}

/** The order in which keys were written, for the objects where JavaScript has another. */
const writtenOrders = new WeakMap<object, readonly string[]>();

/** The keys of an object in the order in which they were written, as far as that is known. */
export function writtenKeys(object: object): readonly string[] {
  return writtenOrders.get(object) ?? Object.keys(object);
}

const TOKEN =
  /[ \t\n\r]*(?:([{}[\],:])|("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/y;

/**
 * Like `JSON.parse`, but a template sees exactly what was written: numbers that JavaScript would spell
 * differently come as {@link JsonNumber}, and objects remember the order of their keys.
 *
 * @throws {ChatTemplateError} `TEMPLATE_VALUE`, with the position, when the text is not JSON.
 */
export function parseExactJson(text: string): unknown {
  let position = 0;

  const fail = (): never => {
    throw new ChatTemplateError({
      code: "TEMPLATE_VALUE",
      message: `Not JSON: unexpected ${describe(text.slice(position, position + 20))} at position ${position}.`,
      expected: "JSON",
      actual: text,
    });
  };
  const next = (): RegExpExecArray => {
    TOKEN.lastIndex = position;
    const token = TOKEN.exec(text) ?? fail();
    position = TOKEN.lastIndex;
    return token;
  };
  /** Reads items up to `close`; the opening bracket is behind us. */
  const list = (close: string, readItem: (token: RegExpExecArray) => void): void => {
    let token = next();
    if (token[1] === close) return;
    for (;;) {
      readItem(token);
      token = next();
      if (token[1] === close) return;
      if (token[1] !== ",") fail();
      token = next();
    }
  };
  let depth = 0;
  const readValue = ([, mark, string, number, word]: RegExpExecArray): unknown => {
    if (string !== undefined || word !== undefined) return JSON.parse(string ?? word!);
    if (number !== undefined)
      return JSON.stringify(Number(number)) === number ? Number(number) : new JsonNumber(number);
    if (mark !== "[" && mark !== "{") fail();
    if (depth++ === DEEPEST) throw tooDeep(text);
    const value = mark === "[" ? readArray() : readObject();
    depth--;
    return value;
  };
  const readArray = (): unknown[] => {
    const items: unknown[] = [];
    list("]", (token) => items.push(readValue(token)));
    return items;
  };
  const readObject = (): object => {
    const values = new Map<string, unknown>();
    list("}", (token) => {
      const key = JSON.parse(token[2] ?? fail()) as string;
      if (next()[1] !== ":") fail();
      values.set(key, readValue(next()));
    });
    const object = Object.fromEntries(values);
    const written = [...values.keys()];
    if (Object.keys(object).some((key, i) => key !== written[i])) writtenOrders.set(object, written);
    return object;
  };

  const value = readValue(next());
  if (/[^ \t\n\r]/.test(text.slice(position))) fail();
  return value;
}
