import { type CausalConv, type GatedGroupNorm, type SsmScan, UnsupportedOpError } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Launch, read, step, vectors, write, writeState } from "../launch.ts";
import { weightLayout } from "../weights/weight-layout.ts";
import { activationNumber } from "./activation.ts";
import activation from "./activation.wgsl";
import causalConvSource from "./causal-conv.wgsl";
import gatedGroupNormSource from "./gated-group-norm.wgsl";
import softplus from "./softplus.wgsl";
import ssmScanSource from "./ssm-scan.wgsl";

/** The largest finite f32: a limit that is none. */
const LARGEST_F32 = 3.4028234663852886e38;

/**
 * One invocation for each channel of a segment.
 *
 * @throws {UnsupportedOpError} for a weight that is not f32; it is small, and loaders widen it.
 */
export function causalConv(op: CausalConv, at: CompileContext): Launch[] {
  const channels = op.input.columns;
  const { format } = at.weight(op.weight);
  if (format !== "f32") {
    throw new UnsupportedOpError({ op: op.op, backend: "webgpu", formats: [format], supported: ["f32"] });
  }
  return [
    {
      source: `${activation}\n${causalConvSource}`,
      entryPoint: "causal_conv",
      constants: {
        SEGMENT: at.feed(op.segment),
        CHANNELS: channels,
        KERNEL_SIZE: op.kernelSize,
        WEIGHT_STRIDE: weightLayout("f32", op.kernelSize).rowBytes / 4,
        ACTIVATION: activationNumber(op.activation),
        HAS_BIAS: Number(op.bias !== undefined),
        ...at.view("X", op.input),
        ...at.view("Y", op.output),
      },
      bindings: [
        step,
        read(op.input),
        op.bias ? vectors(op.weight, op.bias) : vectors(op.weight),
        writeState(op.window),
        write(op.output),
      ],
      workgroups: ({ segments }) => [Math.ceil(channels / 64), segments],
    },
  ];
}

/** One workgroup for every eight channels of a head in a segment. */
export function ssmScan(op: SsmScan, at: CompileContext): Launch[] {
  const { heads, headDim, stateSize, groups, timeStepLimit } = op;
  return [
    {
      source: [`const STATES_PER_LANE: u32 = ${Math.ceil(stateSize / 8)};`, softplus, ssmScanSource].join(
        "\n",
      ),
      entryPoint: "ssm_scan",
      constants: {
        SEGMENT: at.feed(op.segment),
        HEADS: heads,
        HEAD_DIM: headDim,
        STATE_SIZE: stateSize,
        HEADS_PER_GROUP: heads / groups,
        SMALLEST_STEP: timeStepLimit[0],
        LARGEST_STEP: Math.min(timeStepLimit[1], LARGEST_F32),
        ...at.view("X", op.x),
        ...at.view("B", op.b),
        ...at.view("C", op.c),
        ...at.view("DT", op.dt),
        ...at.view("Y", op.output),
      },
      bindings: [
        step,
        read(op.x),
        read(op.b),
        read(op.c),
        read(op.dt),
        vectors(op.a, op.d, op.dtBias),
        writeState(op.recurrent),
        write(op.output),
      ],
      workgroups: ({ segments }) => [Math.ceil(headDim / 8), heads, segments],
    },
  ];
}

/** One workgroup for each group of a row. */
export function gatedGroupNorm(op: GatedGroupNorm, at: CompileContext): Launch[] {
  const rows = at.rows(op.output);
  return [
    {
      source: `${activation}\n${gatedGroupNormSource}`,
      entryPoint: "gated_group_norm",
      constants: {
        CHANNELS: op.input.columns / op.groups,
        EPSILON: op.epsilon,
        ...at.view("X", op.input),
        ...at.view("GATE", op.gate),
        ...at.view("Y", op.output),
      },
      bindings: [read(op.input), read(op.gate), vectors(op.weight), write(op.output)],
      workgroups: (extents) => [op.groups, extents[rows]],
    },
  ];
}
