/** Grammars whose masks are kept, and what all of them may take: some hundreds of bytes for each of these. */
const MOST = 32;
const MOST_SIZE = 1_000_000;

/**
 * The masks of the grammars that were asked for last, as the same schema comes again and again. A grammar grows
 * while it is used; one that has outgrown the bound alone is made anew for whoever asks next.
 */
export class KeptMasks<Masks extends { readonly size: number }> {
  /** By what was asked for, the least recently used first. */
  readonly #masks = new Map<string, Masks>();

  /**
   * @param make - makes them if they are not kept; undefined where there is no grammar.
   * @throws what `make` throws; then nothing has changed.
   */
  get(key: string, make: () => Masks | undefined): Masks | undefined {
    const kept = this.#masks.get(key);
    const masks = kept !== undefined && kept.size <= MOST_SIZE ? kept : make();
    if (masks === undefined) return undefined;
    this.#makeRoom(key, masks);
    this.#masks.set(key, masks);
    return masks;
  }

  #makeRoom(key: string, added: Masks): void {
    this.#masks.delete(key);
    let { size } = added;
    for (const masks of this.#masks.values()) size += masks.size;
    for (const [leastRecent, masks] of this.#masks) {
      if (this.#masks.size < MOST && size <= MOST_SIZE) return;
      this.#masks.delete(leastRecent);
      size -= masks.size;
    }
  }
}
