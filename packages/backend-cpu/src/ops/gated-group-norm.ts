import type { Matrix } from "../matrix.ts";
import { silu } from "./activation.ts";

/**
 * The gate first, then a root-mean-square norm of each group of channels.
 *
 *   v[r, c] = x[r, c] · silu(gate[r, c])
 *   y[r, c] = v[r, c] / sqrt(mean over c's group of v² + epsilon) · weight[c]
 *
 * `RMSNormGated` with `norm_before_gate=False` in state-spaces/mamba.
 */
export function gatedGroupNorm(
  rows: number,
  x: Matrix,
  gate: Matrix,
  weight: Float32Array,
  { groups, epsilon }: { groups: number; epsilon: number },
  y: Matrix,
): void {
  const channels = x.columns / groups;
  const gated = new Float64Array(channels);
  for (let row = 0; row < rows; row++) {
    for (let group = 0; group < groups; group++) {
      const first = group * channels;
      let sumOfSquares = 0;
      for (let c = 0; c < channels; c++) {
        const v =
          x.data[x.offset + row * x.stride + first + c]! *
          silu(gate.data[gate.offset + row * gate.stride + first + c]!);
        gated[c] = v;
        sumOfSquares += v * v;
      }
      const scale = 1 / Math.sqrt(sumOfSquares / channels + epsilon);
      const to = y.offset + row * y.stride + first;
      for (let c = 0; c < channels; c++) y.data[to + c] = gated[c]! * scale * weight[first + c]!;
    }
  }
}
