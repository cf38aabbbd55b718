/**
 * Finds stop strings in text that arrives in pieces. Text that may be the start of a stop string is held
 * back until it is clear.
 */
export class StopFilter {
  readonly #stops: readonly string[];
  readonly #longest: number;
  #held = "";
  #found: string | undefined;

  /** @param stops - not empty strings. */
  constructor(stops: readonly string[]) {
    this.#stops = stops;
    this.#longest = Math.max(0, ...stops.map((stop) => stop.length));
  }

  /** The stop string that ended the text. */
  get found(): string | undefined {
    return this.#found;
  }

  /** Text that certainly comes before any stop string; nothing after one was found. */
  push(text: string): string {
    if (this.#found !== undefined) return "";
    const searched = this.#held + text;
    const first = this.#first(searched);
    if (first !== undefined) {
      this.#held = "";
      this.#found = first.stop;
      return searched.slice(0, first.index);
    }
    const kept = this.#openTail(searched);
    this.#held = searched.slice(searched.length - kept);
    return searched.slice(0, searched.length - kept);
  }

  /** The text held back, once no more will come. */
  flush(): string {
    const held = this.#held;
    this.#held = "";
    return held;
  }

  /** The stop string that ends first, as if characters came one by one; of several, the longest. */
  #first(text: string): { index: number; stop: string } | undefined {
    let first: { index: number; stop: string } | undefined;
    for (const stop of this.#stops) {
      const index = text.indexOf(stop);
      if (index < 0) continue;
      const sooner = first === undefined ? 1 : first.index + first.stop.length - (index + stop.length);
      if (sooner > 0 || (sooner === 0 && index < first!.index)) first = { index, stop };
    }
    return first;
  }

  /** Length of the longest end of `text` with which some stop string begins. */
  #openTail(text: string): number {
    for (let length = Math.min(this.#longest - 1, text.length); length > 0; length--) {
      const tail = text.slice(text.length - length);
      if (this.#stops.some((stop) => stop.startsWith(tail))) return length;
    }
    return 0;
  }
}
