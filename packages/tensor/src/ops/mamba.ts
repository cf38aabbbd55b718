import type { FeedRef, Operand, StateRef, WeightRef } from "../program.ts";
import type { Checker } from "./check.ts";
import type { Activation } from "./dense.ts";
import { checkSegment } from "./token.ts";

/**
 * Depthwise causal convolution along the rows of each segment.
 *
 *   y[t, c] = activation(bias[c] + sum over j of weight[c, j] · x[t − (K−1) + j, c])
 *
 * The last tap is the row itself. The state holds the K−1 inputs before the segment, oldest first,
 * as `[channels, K−1]`; zeros in a fresh slot.
 *
 * Gu & Dao 2023, arXiv:2312.00752, section 3.4.
 */
export interface CausalConv {
  readonly op: "causalConv";
  readonly input: Operand;
  /** `[channels, kernelSize]` */
  readonly weight: WeightRef;
  /** `[channels]` */
  readonly bias?: WeightRef;
  readonly kernelSize: number;
  readonly activation?: Activation;
  readonly segment: FeedRef;
  readonly window: StateRef;
  readonly output: Operand;
}

export function checkCausalConv(op: CausalConv, check: Checker): void {
  const channels = op.input.columns;
  check.rows("input", check.operand("input", op.input, channels), "rows");
  check.weight("weight", op.weight, [channels, op.kernelSize]);
  if (op.bias !== undefined) check.weight("bias", op.bias, [channels]);
  checkSegment(op.segment, check);
  check.state("window", op.window, "slot", [channels, op.kernelSize - 1]);
  check.rows("output", check.operand("output", op.output, channels), "rows");
}

/**
 * The selective state-space recurrence of Mamba-2, with a scalar decay for each head.
 *
 *   Δ[t, h]    = clamp(softplus(dt[t, h] + dtBias[h]), timeStepLimit)
 *   S[t, h]    = exp(Δ[t, h] · a[h]) · S[t−1, h] + Δ[t, h] · x[t, h] ⊗ B[t, g]        S is [headDim, stateSize]
 *   y[t, h]    = S[t, h] · C[t, g] + d[h] · x[t, h]
 *
 *   h  head        g = floor(h / (heads / groups))        a[h] < 0
 *
 * Dao & Gu 2024, arXiv:2405.21060, eq. 1 and listing 1. The chunked ("SSD") form of section 6 gives
 * the same result with matrix products; `chunkSize` is the chunk that the model was trained with and
 * changes rounding only.
 */
export interface SsmScan {
  readonly op: "ssmScan";
  /** `[rows, heads · headDim]` */
  readonly x: Operand;
  /** `[rows, groups · stateSize]` */
  readonly b: Operand;
  /** `[rows, groups · stateSize]` */
  readonly c: Operand;
  /** `[rows, heads]` */
  readonly dt: Operand;
  /** `[heads]` each */
  readonly a: WeightRef;
  readonly d: WeightRef;
  readonly dtBias: WeightRef;
  readonly heads: number;
  readonly headDim: number;
  readonly stateSize: number;
  readonly groups: number;
  readonly chunkSize: number;
  readonly timeStepLimit: readonly [minimum: number, maximum: number];
  readonly segment: FeedRef;
  /** `[heads, headDim, stateSize]` for each slot. */
  readonly recurrent: StateRef;
  readonly output: Operand;
}

export function checkSsmScan(op: SsmScan, check: Checker): void {
  const { heads, headDim, stateSize, groups } = op;
  check.multiple("heads", heads, groups);
  check.rows("x", check.operand("x", op.x, heads * headDim), "rows");
  check.rows("b", check.operand("b", op.b, groups * stateSize), "rows");
  check.rows("c", check.operand("c", op.c, groups * stateSize), "rows");
  check.rows("dt", check.operand("dt", op.dt, heads), "rows");
  check.weight("a", op.a, [heads]);
  check.weight("d", op.d, [heads]);
  check.weight("dtBias", op.dtBias, [heads]);
  checkSegment(op.segment, check);
  check.state("recurrent", op.recurrent, "slot", [heads, headDim, stateSize]);
  check.rows("output", check.operand("output", op.output, heads * headDim), "rows");
}

/**
 * Mamba-2's output norm: the gate first, then a root-mean-square norm of each group of channels.
 *
 *   v[r, c] = x[r, c] · silu(gate[r, c])
 *   y[r, c] = v[r, c] / sqrt(mean over c's group of v² + epsilon) · weight[c]
 *
 * `RMSNormGated` with `norm_before_gate=False` in state-spaces/mamba.
 */
export interface GatedGroupNorm {
  readonly op: "gatedGroupNorm";
  readonly input: Operand;
  readonly gate: Operand;
  /** `[channels]` */
  readonly weight: WeightRef;
  readonly groups: number;
  readonly epsilon: number;
  readonly output: Operand;
}

export function checkGatedGroupNorm(op: GatedGroupNorm, check: Checker): void {
  const channels = op.input.columns;
  check.multiple("channels", channels, op.groups);
  const rows = check.operand("input", op.input, channels);
  check.rows("gate", check.operand("gate", op.gate, channels), rows);
  check.weight("weight", op.weight, [channels]);
  check.rows("output", check.operand("output", op.output, channels), rows);
}
