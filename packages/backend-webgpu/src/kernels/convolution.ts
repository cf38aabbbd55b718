import {
  type CausalConv,
  type Extents,
  type GatedGroupNorm,
  mixerOf,
  UnsupportedOpError,
} from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Binding, type Launch, read, step, vectors, write, writeState } from "../launch.ts";
import { weightLayout } from "../weights/weight-layout.ts";
import { activationNumber } from "./activation.ts";
import activation from "./activation.wgsl";
import causalConvSource from "./causal-conv.wgsl";
import gatedGroupNormSource from "./gated-group-norm.wgsl";
import leaveWindow from "./leave-window.wgsl";

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

export const convConstants = ({ input, kernelSize }: CausalConv): Launch["constants"] => ({
  CONV_CHANNELS: input.columns,
  KERNEL_SIZE: kernelSize,
});

/** From channel to channel. */
export const convWeightStride = ({ kernelSize }: CausalConv): number =>
  weightLayout("f32", kernelSize).rowBytes / 4;

export const convWeights = ({ weight, bias }: CausalConv): Binding =>
  bias ? vectors(weight, bias) : vectors(weight);
