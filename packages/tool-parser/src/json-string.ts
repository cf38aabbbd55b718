/** What a reader of characters says of the one it was given. */
export type Step =
  /** Taken, and more is expected. */
  | "more"
  /** Taken, and it was the last. */
  | "done"
  /** Not taken: what was read before it is complete, and it belongs to something else. */
  | "ended"
  /** Not valid here. */
  | "broken";

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Reads a JSON string one character at a time, from behind its opening quote (RFC 8259, section 7). */
export class JsonString {
  /** What the last character added to the value: nothing, inside an escape. */
  piece = "";
  #state: "plain" | "escape" | "unicode" = "plain";
  #digits = "";

  step(char: string): Step {
    this.piece = "";
    if (this.#state === "plain") {
      if (char === '"') return "done";
      if (char < " ") return "broken";
      if (char === "\\") this.#state = "escape";
      else this.piece = char;
      return "more";
    }
    if (this.#state === "escape") {
      if (char === "u") {
        this.#state = "unicode";
        this.#digits = "";
        return "more";
      }
      const value = ESCAPES[char];
      if (value === undefined) return "broken";
      this.piece = value;
      this.#state = "plain";
      return "more";
    }
    if (!/[0-9a-fA-F]/.test(char)) return "broken";
    this.#digits += char;
    if (this.#digits.length === 4) {
      this.piece = String.fromCharCode(Number.parseInt(this.#digits, 16));
      this.#state = "plain";
    }
    return "more";
  }
}
