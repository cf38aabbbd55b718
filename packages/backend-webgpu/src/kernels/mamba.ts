import {
  type CausalConv,
  type Extents,
  type GatedGroupNorm,
  type SsmScan,
  UnsupportedOpError,
} from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Binding, type Launch, read, readState, step, vectors, write, writeState } from "../launch.ts";
import { mixerOf } from "../mixer-fusion.ts";
import { weightLayout } from "../weights/weight-layout.ts";
import { activationNumber } from "./activation.ts";
import activation from "./activation.wgsl";
import causalConvSource from "./causal-conv.wgsl";
import gatedGroupNormSource from "./gated-group-norm.wgsl";
import leaveWindow from "./leave-window.wgsl";
import scanInputs from "./scan-inputs.wgsl";
import scanInputsConvolved from "./scan-inputs-convolved.wgsl";
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
  const isFused = mixerOf(op, at.program) !== undefined;
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
        WEIGHT_STRIDE: convWeightStride(op),
        ACTIVATION: activationNumber(op.activation),
        HAS_BIAS: Number(op.bias !== undefined),
        ...at.view("X", op.input),
        ...at.view("Y", op.output),
      },
      bindings: [step, read(op.input), convWeights(op), writeState(op.window), write(op.output)],
      workgroups: (extents) =>
        isFused && extents.longestSegment === 1 ? [0] : [Math.ceil(channels / 64), extents.segments],
    },
  ];
}

/** One workgroup for every eight channels of a head in a segment. */
export function ssmScan(op: SsmScan, at: CompileContext): Launch[] {
  const { heads, headDim, stateSize, groups, timeStepLimit } = op;
  const mixer = mixerOf(op, at.program);
  const kernel = (inputs: string, first: readonly Binding[], constants: Launch["constants"]): Launch => ({
    source: [
      `const STATES_PER_LANE: u32 = ${Math.ceil(stateSize / 8)};`,
      softplus,
      inputs,
      ssmScanSource,
    ].join("\n"),
    entryPoint: "ssm_scan",
    constants: {
      SEGMENT: at.feed(op.segment),
      HEADS: heads,
      HEAD_DIM: headDim,
      STATE_SIZE: stateSize,
      HEADS_PER_GROUP: heads / groups,
      SMALLEST_STEP: timeStepLimit[0],
      LARGEST_STEP: Math.min(timeStepLimit[1], LARGEST_F32),
      ...constants,
      ...at.view("DT", op.dt),
      ...at.view("Y", op.output),
    },
    bindings: [
      step,
      ...first,
      read(op.dt),
      vectors(op.a, op.d, op.dtBias),
      writeState(op.recurrent),
      write(op.output),
    ],
    workgroups: (extents) =>
      (first === convolvedBindings) === (mixer !== undefined && extents.longestSegment === 1)
        ? [Math.ceil(headDim / 8), heads, extents.segments]
        : [0],
  });
  const convolvedBindings: readonly Binding[] = mixer
    ? [read(mixer.conv.input), convWeights(mixer.conv), readState(mixer.conv.window)]
    : [];
  const plain = kernel(scanInputs, [read(op.x), read(op.b), read(op.c)], {
    ...at.view("X", op.x),
    ...at.view("B", op.b),
    ...at.view("C", op.c),
  });
  if (mixer === undefined) return [plain];
  const { conv } = mixer;
  const fused = kernel([activation, scanInputsConvolved].join("\n"), convolvedBindings, {
    ...at.view("INPUT", conv.input),
    ...convConstants(conv),
    X_CHANNEL: op.x.offset,
    B_CHANNEL: op.b.offset,
    C_CHANNEL: op.c.offset,
    WEIGHT_STRIDE: convWeightStride(conv),
    ACTIVATION: activationNumber(conv.activation),
    HAS_BIAS: Number(conv.bias !== undefined),
  });
  return [plain, fused];
}

/** One workgroup for each group of a row. */
export function gatedGroupNorm(op: GatedGroupNorm, at: CompileContext): Launch[] {
  const rows = at.rows(op.output);
  const mixer = mixerOf(op, at.program);
  const isFused = ({ longestSegment }: Extents): boolean => mixer !== undefined && longestSegment === 1;
  const plain: Launch = {
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
    workgroups: (extents) => (isFused(extents) ? [0] : [op.groups, extents[rows]]),
  };
  if (mixer === undefined) return [plain];
  const { conv } = mixer;
  const fused: Launch = {
    source: `${plain.source}\n${leaveWindow}`,
    entryPoint: "normalize_and_leave_window",
    constants: {
      ...plain.constants,
      SEGMENTS_AT: at.layout.extent("segments"),
      SEGMENT: at.feed(conv.segment),
      GROUPS: op.groups,
      ...at.view("INPUT", conv.input),
      ...convConstants(conv),
    },
    bindings: [...plain.bindings, step, read(conv.input), writeState(conv.window)],
    workgroups: (extents) => (isFused(extents) ? [op.groups, extents[rows]] : [0]),
  };
  return [plain, fused];
}

const convConstants = ({ input, kernelSize }: CausalConv): Launch["constants"] => ({
  CONV_CHANNELS: input.columns,
  KERNEL_SIZE: kernelSize,
});

/** From channel to channel. */
const convWeightStride = ({ kernelSize }: CausalConv): number => weightLayout("f32", kernelSize).rowBytes / 4;

const convWeights = ({ weight, bias }: CausalConv): Binding =>
  bias ? vectors(weight, bias) : vectors(weight);
