/** When repetition counts as a loop. */
export interface LoopOptions {
  /** How often the same run of tokens follows itself; 8 unless given. */
  readonly repeats?: number | undefined;
  /** Tokens of the longest run that is looked for; 64 unless given. */
  readonly longestPeriod?: number | undefined;
  /** How many tokens the repetition has to cover at least; 64 unless given. */
  readonly tokens?: number | undefined;
}

/**
 * Notices an answer that has come to repeat itself word for word.
 *
 * For each period p it counts for how many tokens in a row t[i] = t[i − p] has held. A run of p tokens that
 * stands there r times in a row shows as p · (r − 1) such tokens. A step costs `longestPeriod` comparisons.
 */
export class LoopDetector {
  readonly #repeats: number;
  readonly #tokens: number;
  /** The last tokens, in a ring. */
  readonly #recent: Int32Array;
  /** By period, from 1: for how many tokens in a row the token has been that of one period before. */
  readonly #matched: Uint32Array;
  #count = 0;

  constructor({ repeats = 8, longestPeriod = 64, tokens = 64 }: LoopOptions = {}) {
    this.#repeats = repeats;
    this.#tokens = tokens;
    this.#recent = new Int32Array(longestPeriod);
    this.#matched = new Uint32Array(longestPeriod + 1);
  }

  /** Whether the tokens pushed so far, this one included, end in a loop. */
  push(token: number): boolean {
    const longest = this.#recent.length;
    let found = false;
    for (let period = 1; period <= Math.min(longest, this.#count); period++) {
      const before = this.#recent[(this.#count - period) % longest];
      const matched = before === token ? this.#matched[period]! + 1 : 0;
      this.#matched[period] = matched;
      found ||= matched >= period * (this.#repeats - 1) && matched + period >= this.#tokens;
    }
    this.#recent[this.#count++ % longest] = token;
    return found;
  }
}
