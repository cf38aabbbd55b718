import { Automaton, DEAD } from "../automaton/automaton.ts";
import type { Grammar } from "../text/grammar.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Masks that are kept; those of 131,072 tokens take 16 KiB each. */
const KEPT_MASKS = 512;

/** A grammar over a model's tokens: what may come after any text, remembered for all who ask. */
export class TokenMasks {
  readonly automaton: Automaton;
  readonly vocabulary: Vocabulary;
  /** By state, the least recently used first. */
  readonly #masks = new Map<number, Uint32Array>();

  /** @throws {GrammarError} `GRAMMAR_TOO_LARGE`. */
  constructor(grammar: Grammar, vocabulary: Vocabulary) {
    this.automaton = new Automaton(grammar);
    this.vocabulary = vocabulary;
  }

  /** How much memory the grammar takes: some hundreds of bytes for each of these. */
  get size(): number {
    return this.automaton.size;
  }

  /** Bit t mod 32 of word ⌊t / 32⌋ says whether token t may come. Not to be written. */
  mask(state: number): Uint32Array {
    const known = this.#masks.get(state);
    const mask = known ?? this.#make(state);
    this.#masks.delete(state);
    this.#masks.set(state, mask);
    if (this.#masks.size > KEPT_MASKS) this.#masks.delete(this.#masks.keys().next().value!);
    return mask;
  }

  #make(state: number): Uint32Array {
    const { size, endTokens, tree } = this.vocabulary;
    const { byte, depth, end, firstToken, tokens } = tree;
    const { automaton } = this;
    const mask = new Uint32Array(Math.ceil(size / 32));
    const allow = (token: number) => {
      mask[token >>> 5]! |= 1 << (token & 31);
    };
    if (automaton.isWhole(state)) for (const token of endTokens) allow(token);
    /** By depth, the state before that byte. */
    const states = new Int32Array(tree.greatestDepth + 2);
    states[0] = state;
    for (let node = 0; node < byte.length; ) {
      const next = automaton.next(states[depth[node]!]!, byte[node]!);
      if (next === DEAD) {
        node = end[node]!;
        continue;
      }
      states[depth[node]! + 1] = next;
      for (let i = firstToken[node]!; i < firstToken[node + 1]!; i++) allow(tokens[i]!);
      node++;
    }
    return mask;
  }
}
