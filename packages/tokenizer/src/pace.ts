// Work is counted in characters whose tokens are known already, of which a processor does some ten in a
// microsecond. What a clock says is not looked at, so that the same text pauses at the same places everywhere.

/** Of a slice: some milliseconds. */
const SLICE_WORK = 2 ** 15;
/** Of a character whose tokens have to be found. */
export const FOUND_WORK = 8;
/** Of looking at a pair of neighbours. */
export const PAIR_WORK = 4;

/** Tells when a slice of work is done. */
export class Pace {
  #left = SLICE_WORK;

  /** Whether it is time for a pause. */
  spend(work: number): boolean {
    this.#left -= work;
    if (this.#left > 0) return false;
    this.#left = SLICE_WORK;
    return true;
  }
}
