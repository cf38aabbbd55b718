import type { Matrix } from "../matrix.ts";

/** output[r] = log(sum over t of exp(logits[r, t])), the largest logit taken out of the sum first. */
export function logSumExp(
  outputRows: number,
  vocabularySize: number,
  logits: Float32Array,
  output: Matrix,
): void {
  for (let row = 0; row < outputRows; row++) {
    const from = row * vocabularySize;
    let largest = -Infinity;
    for (let t = 0; t < vocabularySize; t++) largest = Math.max(largest, logits[from + t]!);
    let sum = 0;
    for (let t = 0; t < vocabularySize; t++) sum += Math.exp(logits[from + t]! - largest);
    output.data[output.offset + row * output.stride] = largest + Math.log(sum);
  }
}

/**
 * The largest logits of each row, as many as the outputs have columns, largest first and the lower id
 * first among equals. NaN is never among them; where fewer are left, the rest are id −1 and −∞.
 */
export function topK(
  outputRows: number,
  vocabularySize: number,
  logits: Float32Array,
  outputIds: Matrix<Int32Array>,
  outputLogits: Matrix,
): void {
  const count = outputIds.columns;
  for (let row = 0; row < outputRows; row++) {
    const ids = outputIds.offset + row * outputIds.stride;
    const best = outputLogits.offset + row * outputLogits.stride;
    let found = 0;
    for (let t = 0; t < vocabularySize; t++) {
      const logit = logits[row * vocabularySize + t]!;
      if (Number.isNaN(logit)) continue;
      let place = found;
      while (place > 0 && outputLogits.data[best + place - 1]! < logit) place--;
      if (place >= count) continue;
      if (found < count) found++;
      for (let i = found - 1; i > place; i--) {
        outputIds.data[ids + i] = outputIds.data[ids + i - 1]!;
        outputLogits.data[best + i] = outputLogits.data[best + i - 1]!;
      }
      outputIds.data[ids + place] = t;
      outputLogits.data[best + place] = logit;
    }
    outputIds.data.fill(-1, ids + found, ids + count);
    outputLogits.data.fill(-Infinity, best + found, best + count);
  }
}

/** output[r] = logits[r, token[r]], and −∞ where the token is −1 */
export function tokenLogit(
  outputRows: number,
  vocabularySize: number,
  logits: Float32Array,
  token: Matrix<Int32Array>,
  output: Matrix,
): void {
  for (let row = 0; row < outputRows; row++) {
    const id = token.data[token.offset + row * token.stride]!;
    const logit = id < 0 ? -Infinity : logits[row * vocabularySize + id]!;
    output.data[output.offset + row * output.stride] = logit;
  }
}
