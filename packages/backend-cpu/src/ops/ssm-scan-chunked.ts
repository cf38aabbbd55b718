import type { Matrix } from "../matrix.ts";
import type { Segment } from "../segment.ts";
import { type SsmInputs, type SsmSizes, timeStep } from "./ssm-scan.ts";

/**
 * The recurrence of `ssmScan`, a chunk of rows at a time.
 *
 *   L[t]  = sum over s ≤ t of Δ[s] · a, within the chunk            all exponents are ≤ 0: nothing overflows
 *   y[t]  = sum over s ≤ t of exp(L[t] − L[s]) · (C[t] · B[s]) · Δ[s] · x[s] + exp(L[t]) · S · C[t] + d · x[t]
 *   S'    = exp(L[end]) · S + sum over s of exp(L[end] − L[s]) · Δ[s] · x[s] ⊗ B[s]
 *
 * The inner sums are matrix products, which is what makes this form fast where matrix products are.
 * S is rounded to single precision once a chunk. Chunks start at the segment's first row and end
 * early after a mark row, so that its state can be kept.
 *
 * Dao & Gu 2024, arXiv:2405.21060, section 6 and listing 1.
 */
export function ssmScanChunked(
  segments: readonly Segment[],
  inputs: SsmInputs,
  sizes: SsmSizes,
  recurrent: Float32Array,
  y: Matrix,
): void {
  const { heads, headDim, stateSize, chunkSize } = sizes;
  const slotSize = heads * headDim * stateSize;
  for (const { startRow, rowCount, readSlot, writeSlot, markRow, markSlot } of segments) {
    const slot = writeSlot * slotSize;
    recurrent.copyWithin(slot, readSlot * slotSize, (readSlot + 1) * slotSize);
    const endRow = startRow + rowCount;
    for (let first = startRow, end = 0; first < endRow; first = end) {
      end = Math.min(first + chunkSize, endRow);
      if (markRow >= first && markRow < end) end = markRow + 1;
      for (let head = 0; head < heads; head++) scanChunk(first, end, head, inputs, sizes, recurrent, slot, y);
      if (end === markRow + 1) recurrent.copyWithin(markSlot * slotSize, slot, slot + slotSize);
    }
  }
}

/** Rows `first` to `end` of one head. */
function scanChunk(
  first: number,
  end: number,
  head: number,
  { x, b, c, dt, a, d, dtBias }: SsmInputs,
  sizes: SsmSizes,
  recurrent: Float32Array,
  slot: number,
  y: Matrix,
): void {
  const { heads, headDim, stateSize, groups } = sizes;
  const group = Math.floor(head / (heads / groups));
  const rows = end - first;
  const steps = new Float64Array(rows);
  const decays = new Float64Array(rows); // L
  let decay = 0;
  for (let t = 0; t < rows; t++) {
    steps[t] = timeStep(dt.data[dt.offset + (first + t) * dt.stride + head]!, dtBias[head]!, sizes);
    decay += steps[t]! * a[head]!;
    decays[t] = decay;
  }

  const state = slot + head * headDim * stateSize;
  const drive = (s: number, p: number) =>
    steps[s]! * x.data[x.offset + (first + s) * x.stride + head * headDim + p]!;
  const bAt = (s: number, n: number) => b.data[b.offset + (first + s) * b.stride + group * stateSize + n]!;
  const cAt = (t: number, n: number) => c.data[c.offset + (first + t) * c.stride + group * stateSize + n]!;

  const mix = new Float64Array(rows); // exp(L[t] − L[s]) · (C[t] · B[s])
  for (let t = 0; t < rows; t++) {
    for (let s = 0; s <= t; s++) {
      let product = 0;
      for (let n = 0; n < stateSize; n++) product += cAt(t, n) * bAt(s, n);
      mix[s] = Math.exp(decays[t]! - decays[s]!) * product;
    }
    for (let p = 0; p < headDim; p++) {
      let within = 0;
      for (let s = 0; s <= t; s++) within += mix[s]! * drive(s, p);
      let before = 0;
      for (let n = 0; n < stateSize; n++) before += recurrent[state + p * stateSize + n]! * cAt(t, n);
      const skip = d[head]! * x.data[x.offset + (first + t) * x.stride + head * headDim + p]!;
      y.data[y.offset + (first + t) * y.stride + head * headDim + p] =
        within + Math.exp(decays[t]!) * before + skip;
    }
  }

  const carry = Math.exp(decay);
  const tail = decays.map((before) => Math.exp(decay - before));
  for (let p = 0; p < headDim; p++) {
    for (let n = 0; n < stateSize; n++) {
      let sum = carry * recurrent[state + p * stateSize + n]!;
      for (let s = 0; s < rows; s++) sum += tail[s]! * drive(s, p) * bAt(s, n);
      recurrent[state + p * stateSize + n] = sum;
    }
  }
}
