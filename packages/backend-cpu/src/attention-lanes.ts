import { PAGE_SIZE } from "@krait/tensor";
import { LANES, scorePage, weighPage, weighPosition } from "./attention-page.ts";
import { exponential } from "./exponential.ts";
import type { Matrix } from "./matrix.ts";
import type { AttentionSizes } from "./ops/attention.ts";
import { type PagedState, PageReader } from "./paged-state.ts";

/** Up to `LANES` queries that read the same keys and values. */
export class AttentionLanes {
  readonly #headDim: number;
  readonly #scale: number;
  readonly #keys: PageReader;
  readonly #values: PageReader;
  /** `[LANES, headDim]` each. */
  readonly #queries: Float64Array;
  readonly #sums: Float64Array;
  /** Scores, then weights: `[positions, LANES]`. */
  #weights: Float64Array = new Float64Array(0);
  #count = 0;
  readonly #row: Int32Array = new Int32Array(LANES);
  readonly #head: Int32Array = new Int32Array(LANES);
  readonly #position: Int32Array = new Int32Array(LANES);
  readonly #weightSum: Float64Array = new Float64Array(LANES);

  constructor({ keyValueHeads, headDim, scale }: AttentionSizes, keys: PagedState, values: PagedState) {
    this.#headDim = headDim;
    this.#scale = scale;
    this.#keys = new PageReader(keys, keyValueHeads, headDim);
    this.#values = new PageReader(values, keyValueHeads, headDim);
    this.#queries = new Float64Array(LANES * headDim);
    this.#sums = new Float64Array(LANES * headDim);
  }

  clear(): void {
    this.#count = 0;
  }

  /** The query of a row and head, which sees the positions up to and including its own. */
  add(query: Matrix, row: number, head: number, position: number): void {
    const lane = this.#count++;
    this.#row[lane] = row;
    this.#head[lane] = head;
    this.#position[lane] = position;
    const from = query.offset + row * query.stride + head * this.#headDim;
    for (let i = 0; i < this.#headDim; i++) {
      this.#queries[lane * this.#headDim + i] = this.#scale * query.data[from + i]!;
    }
  }

  /** Takes every lane through the pages of one sequence, whose table starts at `table` in `pageTable`. */
  attend(keyValueHead: number, pageTable: Int32Array, table: number): void {
    const positions = this.#position.subarray(0, this.#count);
    const last = Math.max(...positions);
    const shared = Math.min(...positions);
    if (this.#weights.length < (last + PAGE_SIZE) * LANES) {
      this.#weights = new Float64Array((last + PAGE_SIZE) * 2 * LANES);
    }
    const headDim = this.#headDim;
    const weights = this.#weights;

    const keys = this.#keys;
    for (let start = 0; start <= last; start += PAGE_SIZE) {
      keys.moveTo(pageTable[table + start / PAGE_SIZE]!, keyValueHead);
      const count = Math.min(PAGE_SIZE, last + 1 - start);
      scorePage(this.#queries, headDim, keys.data, keys.offset, keys.stride, count, weights, start * LANES);
    }

    for (let lane = 0; lane < this.#count; lane++) this.#softmax(lane);

    const values = this.#values;
    this.#sums.fill(0);
    for (let start = 0; start <= last; start += PAGE_SIZE) {
      values.moveTo(pageTable[table + start / PAGE_SIZE]!, keyValueHead);
      const end = Math.min(PAGE_SIZE, last + 1 - start);
      const together = Math.min(PAGE_SIZE, Math.max(0, shared + 1 - start));
      weighPage(
        weights,
        start * LANES,
        values.data,
        values.offset,
        values.stride,
        together,
        this.#sums,
        headDim,
      );
      // Past the position that all of them see, the lanes go on one by one.
      for (let p = together; p < end; p++) {
        for (let lane = 0; lane < this.#count; lane++) {
          if (start + p > this.#position[lane]!) continue;
          const weight = weights[(start + p) * LANES + lane]!;
          weighPosition(weight, values.data, values.offset + p * values.stride, this.#sums, lane, headDim);
        }
      }
    }
  }

  store(output: Matrix): void {
    for (let lane = 0; lane < this.#count; lane++) {
      const to = output.offset + this.#row[lane]! * output.stride + this.#head[lane]! * this.#headDim;
      for (let i = 0; i < this.#headDim; i++) {
        output.data[to + i] = this.#sums[lane * this.#headDim + i]! / this.#weightSum[lane]!;
      }
    }
  }

  /** weight[p] = exp(score[p] − largest score); the division by their sum is left for the end. */
  #softmax(lane: number): void {
    const weights = this.#weights;
    const end = (this.#position[lane]! + 1) * LANES;
    let largest = -Infinity;
    for (let i = lane; i < end; i += LANES) if (weights[i]! > largest) largest = weights[i]!;
    let sum = 0;
    for (let i = lane; i < end; i += LANES) {
      const weight = exponential(weights[i]! - largest);
      weights[i] = weight;
      sum += weight;
    }
    this.#weightSum[lane] = sum;
  }
}
