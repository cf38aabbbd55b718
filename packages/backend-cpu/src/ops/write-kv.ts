import { PAGE_SIZE } from "@krait/tensor";
import type { Matrix } from "../matrix.ts";
import { type PagedState, storeValues } from "../paged-state.ts";

/** Where rows stand: a slot and a position each, and the pages of every slot, `[slots, maxPages]`. */
export interface PagedRows {
  readonly slot: Int32Array;
  readonly position: Int32Array;
  readonly pageTable: Int32Array;
  readonly maxPages: number;
}

/**
 *   page = pageTable[slot[r], floor(position[r] / PAGE_SIZE)]
 *   keys[page, position[r] mod PAGE_SIZE] = key[r], values likewise
 *
 * Rows of slot −1 are padding and store nothing.
 *
 * Kwon et al. 2023, arXiv:2309.06180, for pages.
 */
export function writeKv(
  rows: number,
  key: Matrix,
  value: Matrix,
  { slot, position, pageTable, maxPages }: PagedRows,
  keys: PagedState,
  values: PagedState,
): void {
  const columns = key.columns;
  for (let row = 0; row < rows; row++) {
    if (slot[row] === -1) continue;
    const page = pageTable[slot[row]! * maxPages + Math.floor(position[row]! / PAGE_SIZE)]!;
    const at = (page * PAGE_SIZE + (position[row]! % PAGE_SIZE)) * columns;
    storeValues(keys, at, key.data, key.offset + row * key.stride, columns);
    storeValues(values, at, value.data, value.offset + row * value.stride, columns);
  }
}
