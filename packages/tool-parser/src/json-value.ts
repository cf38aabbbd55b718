import { JsonNumber } from "./json-number.ts";
import { JsonString, type Step } from "./json-string.ts";
import { isSpace } from "./markers.ts";

type Expected = "value" | "first-element" | "first-key" | "key" | "colon" | "after-value";

const LITERALS: Readonly<Record<string, string>> = { t: "true", f: "false", n: "null" };

/**
 * Checks a JSON value one character at a time (RFC 8259). The nesting is kept on a stack of its own, so
 * text of any depth can be checked.
 */
export class JsonValue {
  /** Open containers, the innermost last. */
  readonly #open: ("{" | "[")[] = [];
  #expected: Expected = "value";
  #scalar: JsonString | JsonNumber | JsonLiteral | undefined;
  #isKey = false;

  step(char: string): Step {
    if (this.#scalar) {
      const step = this.#scalar.step(char);
      if (step === "more" || step === "broken") return step;
      this.#scalar = undefined;
      const after = this.#isKey ? this.#expect("colon") : this.#endValue();
      if (step === "done" || after === "done") return step === "done" ? after : "ended";
    }
    if (isSpace(char)) return "more";
    switch (this.#expected) {
      case "first-element":
        return char === "]" ? this.#close("[") : this.#startValue(char);
      case "value":
        return this.#startValue(char);
      case "first-key":
        return char === "}" ? this.#close("{") : this.#startKey(char);
      case "key":
        return this.#startKey(char);
      case "colon":
        return char === ":" ? this.#expect("value") : "broken";
      case "after-value":
        if (char === ",") return this.#expect(this.#open.at(-1) === "{" ? "key" : "value");
        return char === "]" ? this.#close("[") : char === "}" ? this.#close("{") : "broken";
    }
  }

  #startValue(char: string): Step {
    this.#isKey = false;
    if (char === "{" || char === "[") {
      this.#open.push(char);
      return this.#expect(char === "{" ? "first-key" : "first-element");
    }
    if (char === '"') this.#scalar = new JsonString();
    else if (LITERALS[char]) this.#scalar = new JsonLiteral(LITERALS[char]);
    else {
      this.#scalar = new JsonNumber();
      return this.#scalar.step(char);
    }
    return "more";
  }

  #startKey(char: string): Step {
    if (char !== '"') return "broken";
    this.#isKey = true;
    this.#scalar = new JsonString();
    return "more";
  }

  #close(bracket: "{" | "["): Step {
    return this.#open.pop() === bracket ? this.#endValue() : "broken";
  }

  #endValue(): Step {
    return this.#open.length === 0 ? "done" : this.#expect("after-value");
  }

  #expect(expected: Expected): Step {
    this.#expected = expected;
    return "more";
  }
}

class JsonLiteral {
  #rest: string;

  constructor(literal: string) {
    this.#rest = literal.slice(1);
  }

  step(char: string): Step {
    if (char !== this.#rest[0]) return "broken";
    this.#rest = this.#rest.slice(1);
    return this.#rest === "" ? "done" : "more";
  }
}
