export type WordIds = ArrayLike<number> & Iterable<number>;

/** Of each of the two halves. */
const MOST_WORDS = 2 ** 14;
/** Longer words seldom come again. */
const MOST_CHARACTERS = 32;

/**
 * The ids of words that were encoded lately: most of a text's words are few.
 *
 * When one half is full it takes the place of the other, so that what is used stays and the rest goes.
 */
export class KnownWords {
  #young = new Map<string, WordIds>();
  #old = new Map<string, WordIds>();

  get(word: string): WordIds | undefined {
    const young = this.#young.get(word);
    if (young !== undefined) return young;
    const old = this.#old.get(word);
    if (old !== undefined) this.#put(word, old);
    return old;
  }

  add(word: string, ids: WordIds): void {
    if (word.length <= MOST_CHARACTERS) this.#put(copy(word), ids);
  }

  #put(word: string, ids: WordIds): void {
    if (this.#young.size >= MOST_WORDS) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(word, ids);
  }
}

/** A slice of a long text may keep the whole of it in memory; what is put together anew does not. */
function copy(word: string): string {
  let copied = "";
  for (let i = 0; i < word.length; i++) copied += word.charAt(i);
  return copied;
}
