import { AttentionLanes } from "../attention-lanes.ts";
import { LANES } from "../attention-page.ts";
import type { Matrix } from "../matrix.ts";
import type { PagedState } from "../paged-state.ts";
import type { PagedRows } from "./write-kv.ts";

export interface AttentionSizes {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly scale: number;
}

/**
 * Attention of each query row over the pages of its own sequence, without positional encoding.
 *
 *   score[p] = scale · query[r, h] · keys[p, k]            p ≤ position[r]
 *   output[r, h] = sum over p of softmax(score)[p] · values[p, k]
 *
 *   h  query head        k = floor(h / (heads / keyValueHeads))
 *
 * Queries of one sequence that read the same keys go through its pages together, a few lanes at a
 * time. Each lane's sums run in order of position, so its result does not depend on the other lanes.
 * Rows of slot −1 are padding and give zeros.
 *
 * Vaswani et al. 2017, arXiv:1706.03762, eq. 1; Ainslie et al. 2023, arXiv:2305.13245, for the shared heads.
 */
export function attention(
  rows: number,
  query: Matrix,
  sizes: AttentionSizes,
  place: PagedRows,
  keys: PagedState,
  values: PagedState,
  output: Matrix,
): void {
  const { heads, keyValueHeads } = sizes;
  const headsPerKey = heads / keyValueHeads;
  const lanes = new AttentionLanes(sizes, keys, values);
  for (let firstRow = 0, endRow = 0; firstRow < rows; firstRow = endRow) {
    const slot = place.slot[firstRow]!;
    do endRow++;
    while (endRow < rows && place.slot[endRow] === slot);
    if (slot === -1) {
      for (let row = firstRow; row < endRow; row++) {
        const to = output.offset + row * output.stride;
        output.data.fill(0, to, to + output.columns);
      }
      continue;
    }
    for (let k = 0; k < keyValueHeads; k++) {
      const queries = (endRow - firstRow) * headsPerKey;
      for (let first = 0; first < queries; first += LANES) {
        lanes.clear();
        for (let i = first; i < Math.min(first + LANES, queries); i++) {
          const row = firstRow + Math.floor(i / headsPerKey);
          lanes.add(query, row, k * headsPerKey + (i % headsPerKey), place.position[row]!);
        }
        lanes.attend(k, place.pageTable, slot * place.maxPages);
        lanes.store(output);
      }
    }
  }
}
