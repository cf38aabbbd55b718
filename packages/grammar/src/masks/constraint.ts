import { DEAD } from "../automaton/automaton.ts";
import { GrammarError } from "../grammar-error.ts";
import type { TokenMasks } from "./token-masks.ts";

/** Holds one answer to a grammar, token by token. */
export interface Constraint {
  /**
   * Takes what of the answer is there before its first token.
   *
   * @param text - white space at its beginning is passed over.
   * @throws {GrammarError} `GRAMMAR_TOKEN` when the grammar has no text that begins so.
   */
  begin(text: string): void;
  /** Bit t mod 32 of word ⌊t / 32⌋ says whether token t may come next. Not to be written. */
  mask(): Uint32Array;
  /** @throws {GrammarError} `GRAMMAR_TOKEN` when that token may not come here. */
  accept(token: number): void;
  /** Whether an end token has come, or the text is whole and nothing can follow. */
  readonly isFinished: boolean;
}

/** A constraint at the beginning of a text. Any number may share the masks. */
export function createConstraint(masks: TokenMasks): Constraint {
  const { automaton, vocabulary } = masks;
  let state = automaton.start;
  let hasEnded = false;

  const read = (bytes: Uint8Array): boolean => {
    let at = state;
    for (const byte of bytes) {
      at = automaton.next(at, byte);
      if (at === DEAD) return false;
    }
    state = at;
    return true;
  };
  return {
    begin(text) {
      if (read(new TextEncoder().encode(text.trimStart()))) return;
      throw new GrammarError(
        "GRAMMAR_TOKEN",
        `The answer begins with ${JSON.stringify(text)}, which the grammar does not allow.`,
      );
    },
    mask: () => masks.mask(state),
    accept(token) {
      const bytes = vocabulary.bytes(token);
      const isEnd = vocabulary.endTokens.has(token);
      if (hasEnded || (isEnd ? !automaton.isWhole(state) : bytes.length === 0 || !read(bytes))) {
        throw new GrammarError(
          "GRAMMAR_TOKEN",
          `Token ${token} came, which the grammar does not allow here. Draw tokens under the mask only.`,
        );
      }
      hasEnded = isEnd;
    },
    get isFinished() {
      return hasEnded || (automaton.isWhole(state) && !automaton.canGoOn(state));
    },
  };
}
