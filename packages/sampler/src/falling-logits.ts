/**
 * The tokens in order of falling logit, the lower id first among equals, found one at a time.
 *
 * A binary heap over token ids: built in time linear in the vocabulary, it then gives each next token
 * in logarithmic time, so a draw that looks at a hundred tokens does not pay for sorting them all.
 * Williams 1964, algorithm 232; built from the bottom up after Floyd 1964, algorithm 245.
 */
export class FallingLogits {
  #logits: Float32Array = new Float32Array(0);
  #heap: Uint32Array = new Uint32Array(0);
  #size = 0;

  /** Starts over with other logits, which must not change while they are read. Tokens of −∞ are left out. */
  reset(logits: Float32Array): void {
    this.#logits = logits;
    if (this.#heap.length < logits.length) this.#heap = new Uint32Array(logits.length);
    this.#size = 0;
    for (let token = 0; token < logits.length; token++) {
      if (logits[token]! > -Infinity) this.#heap[this.#size++] = token;
    }
    for (let i = (this.#size >>> 1) - 1; i >= 0; i--) this.#sink(i, this.#heap[i]!);
  }

  /** The next token, or undefined after the last. */
  next(): number | undefined {
    if (this.#size === 0) return undefined;
    const first = this.#heap[0];
    const last = this.#heap[--this.#size]!;
    if (this.#size > 0) this.#sink(0, last);
    return first;
  }

  /** Moves a token down from a place to where no token below comes before it. */
  #sink(place: number, token: number): void {
    const heap = this.#heap;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#isBefore(heap[child]!, token)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = token;
  }

  #isBefore(a: number, b: number): boolean {
    const difference = this.#logits[a]! - this.#logits[b]!;
    return difference > 0 || (difference === 0 && a < b);
  }
}
