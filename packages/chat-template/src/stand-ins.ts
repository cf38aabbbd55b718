import { ChatTemplateError } from "./chat-template-error.ts";

// While a template runs, characters that it must not see are replaced by characters that mean nothing and
// occur nowhere in the input: Unicode's noncharacters, and if someone typed all of those, private ones.

const RANGES: readonly (readonly [first: number, last: number])[] = [
  [0xfdd0, 0xfdef],
  [0xfffe, 0xffff],
  [0xe000, 0xf8ff],
];
const CANDIDATE = /[\uE000-\uF8FF\uFDD0-\uFDEF\uFFFE\uFFFF]/g;

export class StandIns {
  readonly #used = new Set<string>();
  readonly #originals = new Map<string, string>();
  readonly #standIns = new Map<string, string>();
  readonly #free = this.#unused();

  /** Takes note of a text of the input. To be called for all of them before anything else. */
  avoid(text: string): void {
    for (const [character] of text.matchAll(CANDIDATE)) this.#used.add(character);
  }

  /** What stands for a character: the same each time. */
  for(original: string): string {
    const known = this.#standIns.get(original);
    if (known !== undefined) return known;
    const standIn = this.mark();
    this.#standIns.set(original, standIn);
    this.#originals.set(standIn, original);
    return standIn;
  }

  /** A character that stands for nothing: a mark that is found again in the output. */
  mark(): string {
    const { value } = this.#free.next();
    if (value !== undefined) {
      this.#originals.set(value, "");
      return value;
    }
    throw new ChatTemplateError({
      code: "TEMPLATE_PIECES",
      message:
        "The messages use every private and noncharacter code point, which leaves none to mark text with.",
    });
  }

  /** Whether a character was handed out here. */
  has(character: string): boolean {
    return this.#originals.has(character);
  }

  /** A text as it was, with every stand-in replaced and every mark gone. */
  restore(text: string): string {
    return text.replace(CANDIDATE, (character) => this.#originals.get(character) ?? character);
  }

  *#unused(): Generator<string, undefined> {
    for (const [first, last] of RANGES)
      for (let code = first; code <= last; code++) {
        const character = String.fromCharCode(code);
        if (!this.#used.has(character)) yield character;
      }
  }
}
