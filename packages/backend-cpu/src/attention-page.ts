// The inner loops of attention, over the positions of one page and LANES queries at once. They are
// written out because each sum is then a variable of its own: additions that do not wait for each other.

export const LANES = 4;

/**
 * scores[s + p · LANES + lane] = sum over i of queries[lane, i] · keys[k + p · stride + i], for p < count
 *
 * Two positions at a time. With an odd count one score more is written, of a position that nobody reads.
 */
export function scorePage(
  queries: Float64Array,
  headDim: number,
  keys: Float32Array,
  k: number,
  stride: number,
  count: number,
  scores: Float64Array,
  s: number,
): void {
  for (let p = 0; p < count; p += 2) {
    const keyA = k + p * stride;
    const keyB = keyA + stride;
    let a0 = 0;
    let a1 = 0;
    let a2 = 0;
    let a3 = 0;
    let b0 = 0;
    let b1 = 0;
    let b2 = 0;
    let b3 = 0;
    for (let i = 0; i < headDim; i++) {
      const a = keys[keyA + i]!;
      const b = keys[keyB + i]!;
      const q0 = queries[i]!;
      const q1 = queries[headDim + i]!;
      const q2 = queries[2 * headDim + i]!;
      const q3 = queries[3 * headDim + i]!;
      a0 += q0 * a;
      a1 += q1 * a;
      a2 += q2 * a;
      a3 += q3 * a;
      b0 += q0 * b;
      b1 += q1 * b;
      b2 += q2 * b;
      b3 += q3 * b;
    }
    const to = s + p * LANES;
    scores[to] = a0;
    scores[to + 1] = a1;
    scores[to + 2] = a2;
    scores[to + 3] = a3;
    scores[to + 4] = b0;
    scores[to + 5] = b1;
    scores[to + 6] = b2;
    scores[to + 7] = b3;
  }
}

/** sums[lane, i] += sum over p < count of weights[w + p · LANES + lane] · values[v + p · stride + i] */
export function weighPage(
  weights: Float64Array,
  w: number,
  values: Float32Array,
  v: number,
  stride: number,
  count: number,
  sums: Float64Array,
  headDim: number,
): void {
  const pairs = headDim - (headDim % 2);
  const end = w + count * LANES;
  for (let i = 0; i < pairs; i += 2) {
    let a0 = sums[i]!;
    let a1 = sums[headDim + i]!;
    let a2 = sums[2 * headDim + i]!;
    let a3 = sums[3 * headDim + i]!;
    let b0 = sums[i + 1]!;
    let b1 = sums[headDim + i + 1]!;
    let b2 = sums[2 * headDim + i + 1]!;
    let b3 = sums[3 * headDim + i + 1]!;
    for (let at = v + i, to = w; to < end; at += stride, to += LANES) {
      const a = values[at]!;
      const b = values[at + 1]!;
      const w0 = weights[to]!;
      const w1 = weights[to + 1]!;
      const w2 = weights[to + 2]!;
      const w3 = weights[to + 3]!;
      a0 += w0 * a;
      a1 += w1 * a;
      a2 += w2 * a;
      a3 += w3 * a;
      b0 += w0 * b;
      b1 += w1 * b;
      b2 += w2 * b;
      b3 += w3 * b;
    }
    sums[i] = a0;
    sums[headDim + i] = a1;
    sums[2 * headDim + i] = a2;
    sums[3 * headDim + i] = a3;
    sums[i + 1] = b0;
    sums[headDim + i + 1] = b1;
    sums[2 * headDim + i + 1] = b2;
    sums[3 * headDim + i + 1] = b3;
  }
  if (pairs === headDim) return;
  for (let lane = 0; lane < LANES; lane++) {
    for (let p = 0; p < count; p++) {
      sums[lane * headDim + pairs]! += weights[w + p * LANES + lane]! * values[v + p * stride + pairs]!;
    }
  }
}

/** sums[lane, i] += weight · values[v + i] */
export function weighPosition(
  weight: number,
  values: Float32Array,
  v: number,
  sums: Float64Array,
  lane: number,
  headDim: number,
): void {
  for (let i = 0; i < headDim; i++) sums[lane * headDim + i]! += weight * values[v + i]!;
}
