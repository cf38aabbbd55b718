import { JsonString } from "../json-string.ts";
import { PythonFloat, PythonInteger, type PythonValue } from "./python-json-value.ts";

/** Python refuses to convert longer integers (`sys.int_info.default_max_str_digits`). */
const MAX_INTEGER_DIGITS = 4300;

/** Nesting at which CPython 3.11 raises RecursionError when `json.loads` is called from a script. */
const MAX_DEPTH = 995;

const NUMBER = /(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;

const CONSTANTS: readonly (readonly [string, PythonValue])[] = [
  ["null", null],
  ["true", true],
  ["false", false],
  ["NaN", new PythonFloat(Number.NaN)],
  ["Infinity", new PythonFloat(Number.POSITIVE_INFINITY)],
  ["-Infinity", new PythonFloat(Number.NEGATIVE_INFINITY)],
];

/**
 * What `json.loads(text)` returns, or undefined where it raises.
 *
 * It differs from `JSON.parse` in accepting NaN and infinities, in telling integers from floats, and in
 * its limits on integers and nesting.
 */
export function readPythonJson(text: string): PythonValue | undefined {
  const reader = new Reader(text);
  const value = reader.value(0);
  return reader.isAtEnd ? value : undefined;
}

class Reader {
  readonly #text: string;
  /** −1 once the text has turned out not to be valid; nothing is found from there. */
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    this.#match(SPACE);
    return this.#at === this.#text.length;
  }

  value(depth: number): PythonValue | undefined {
    this.#match(SPACE);
    if (this.#take("[")) return depth < MAX_DEPTH ? this.#list(depth) : this.#fail();
    if (this.#take("{")) return depth < MAX_DEPTH ? this.#dict(depth) : this.#fail();
    if (this.#text[this.#at] === '"') return this.#string();
    for (const [name, constant] of CONSTANTS) if (this.#take(name)) return constant;
    return this.#number();
  }

  #list(depth: number): PythonValue | undefined {
    const list: PythonValue[] = [];
    if (this.#takeAfterSpace("]")) return list;
    do {
      const element = this.value(depth + 1);
      if (element === undefined) return undefined;
      list.push(element);
    } while (this.#takeAfterSpace(","));
    return this.#takeAfterSpace("]") ? list : this.#fail();
  }

  #dict(depth: number): PythonValue | undefined {
    const dict = new Map<string, PythonValue>();
    if (this.#takeAfterSpace("}")) return dict;
    do {
      this.#match(SPACE);
      const key = this.#string();
      if (key === undefined || !this.#takeAfterSpace(":")) return this.#fail();
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      dict.set(key, value);
    } while (this.#takeAfterSpace(","));
    return this.#takeAfterSpace("}") ? dict : this.#fail();
  }

  #string(): string | undefined {
    if (!this.#take('"')) return undefined;
    const string = new JsonString();
    let value = "";
    for (; this.#at < this.#text.length; value += string.piece) {
      const step = string.step(this.#text[this.#at++]!);
      if (step === "done") return value;
      if (step === "broken") break;
    }
    return this.#fail();
  }

  #number(): PythonValue | undefined {
    const match = this.#match(NUMBER);
    if (!match) return this.#fail();
    const [spelling, whole = "", fraction, exponent] = match;
    if (fraction !== undefined || exponent !== undefined) return new PythonFloat(Number(spelling));
    return whole.replace("-", "").length > MAX_INTEGER_DIGITS
      ? this.#fail()
      : new PythonInteger(BigInt(whole));
  }

  #takeAfterSpace(char: string): boolean {
    this.#match(SPACE);
    return this.#take(char);
  }

  #take(token: string): boolean {
    if (this.#at < 0 || !this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    if (this.#at < 0) return undefined;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match) this.#at += match[0].length;
    return match ?? undefined;
  }

  #fail(): undefined {
    this.#at = -1;
    return undefined;
  }
}
