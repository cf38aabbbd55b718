import type { Matrix } from "../matrix.ts";
import { alongSegments, type Segment } from "../segment.ts";
import { softplus } from "./activation.ts";

/** The operands of {@link ssmScan}, as `SsmScan` in `@krait/tensor` describes them. */
export interface SsmInputs {
  readonly x: Matrix;
  readonly b: Matrix;
  readonly c: Matrix;
  readonly dt: Matrix;
  readonly a: Float32Array;
  readonly d: Float32Array;
  readonly dtBias: Float32Array;
}

export interface SsmSizes {
  readonly heads: number;
  readonly headDim: number;
  readonly stateSize: number;
  readonly groups: number;
  readonly chunkSize: number;
  readonly timeStepLimit: readonly [minimum: number, maximum: number];
}

/**
 * The selective state-space recurrence of Mamba-2, row after row.
 *
 *   Δ[t, h] = clamp(softplus(dt[t, h] + dtBias[h]), timeStepLimit)
 *   S[t, h] = exp(Δ[t, h] · a[h]) · S[t−1, h] + Δ[t, h] · x[t, h] ⊗ B[t, g]        S is [headDim, stateSize]
 *   y[t, h] = S[t, h] · C[t, g] + d[h] · x[t, h]                                   g = floor(h / (heads / groups))
 *
 * S is rounded to single precision after each row, as it is stored. A prompt cut anywhere therefore
 * gives the same bits as the whole.
 *
 * Dao & Gu 2024, arXiv:2405.21060, eq. 1.
 */
export function ssmScan(
  segments: readonly Segment[],
  { x, b, c, dt, a, d, dtBias }: SsmInputs,
  sizes: SsmSizes,
  recurrent: Float32Array,
  y: Matrix,
): void {
  const { heads, headDim, stateSize, groups } = sizes;
  const headsPerGroup = heads / groups;
  const bData = b.data;
  const cData = c.data;
  alongSegments(segments, recurrent, heads * headDim * stateSize, (row, slot) => {
    for (let head = 0; head < heads; head++) {
      const group = Math.floor(head / headsPerGroup);
      const bRow = b.offset + row * b.stride + group * stateSize;
      const cRow = c.offset + row * c.stride + group * stateSize;
      const step = timeStep(dt.data[dt.offset + row * dt.stride + head]!, dtBias[head]!, sizes);
      const decay = Math.exp(step * a[head]!);
      for (let p = 0; p < headDim; p++) {
        const channel = head * headDim + p;
        const input = x.data[x.offset + row * x.stride + channel]!;
        const drive = step * input;
        const s = slot + channel * stateSize;
        let sum = 0;
        for (let n = 0; n < stateSize; n++) {
          const next = decay * recurrent[s + n]! + drive * bData[bRow + n]!;
          recurrent[s + n] = next;
          sum += next * cData[cRow + n]!;
        }
        y.data[y.offset + row * y.stride + channel] = sum + d[head]! * input;
      }
    }
  });
}

/** clamp(softplus(dt + dtBias), timeStepLimit) */
export function timeStep(dt: number, dtBias: number, { timeStepLimit }: SsmSizes): number {
  return Math.min(Math.max(softplus(dt + dtBias), timeStepLimit[0]), timeStepLimit[1]);
}
