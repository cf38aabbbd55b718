import type { Activation } from "@krait/tensor";
import type { Matrix } from "../matrix.ts";
import { alongSegments, type Segment } from "../segment.ts";
import { activate } from "./activation.ts";

export interface CausalConvOptions {
  readonly kernelSize: number;
  readonly bias?: Float32Array | undefined;
  readonly activation?: Activation | undefined;
}

/**
 * Depthwise causal convolution along the rows of each segment.
 *
 *   y[t, c] = activation(bias[c] + sum over j of weight[c, j] · x[t − (K−1) + j, c])
 *
 * The window holds the K−1 inputs before the segment as `[slots, channels, K−1]`, oldest first. It is
 * shifted by one after each row, so a row reads all but its own input from there.
 *
 * Gu & Dao 2023, arXiv:2312.00752, section 3.4.
 */
export function causalConv(
  segments: readonly Segment[],
  x: Matrix,
  weight: Float32Array,
  window: Float32Array,
  { kernelSize, bias, activation }: CausalConvOptions,
  y: Matrix,
): void {
  const channels = x.columns;
  const past = kernelSize - 1;
  alongSegments(segments, window, channels * past, (row, slot) => {
    for (let c = 0; c < channels; c++) {
      const input = x.data[x.offset + row * x.stride + c]!;
      const taps = c * kernelSize;
      const before = slot + c * past;
      let sum = bias ? bias[c]! : 0;
      for (let j = 0; j < past; j++) sum += weight[taps + j]! * window[before + j]!;
      sum += weight[taps + past]! * input;
      y.data[y.offset + row * y.stride + c] = activate(activation, sum);
      for (let j = 1; j < past; j++) window[before + j - 1] = window[before + j]!;
      if (past > 0) window[before + past - 1] = input;
    }
  });
}
