import { type Extents, mixerOf, type SsmScan } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Binding, type Launch, read, readState, step, vectors, write } from "../launch.ts";
import { activationNumber } from "./activation.ts";
import activation from "./activation.wgsl";
import { convConstants, convWeightStride, convWeights } from "./convolution.ts";
import { recurrentParts } from "./recurrent-parts.ts";
import scanInputs from "./scan-inputs.wgsl";
import scanInputsConvolved from "./scan-inputs-convolved.wgsl";
import softplus from "./softplus.wgsl";
import { chunkedScan, isChunked, SHORTEST_CHUNKED } from "./ssm-chunks.ts";
import ssmScanSource from "./ssm-scan.wgsl";

/** The largest finite f32: a limit that is none. */
const LARGEST_F32 = 3.4028234663852886e38;

/** The largest i32: no segment is as long. */
const NEVER = 0x7fffffff;

/** Short segments row after row, one workgroup for every eight channels of a head; long ones in chunks. */
export function ssmScan(op: SsmScan, at: CompileContext): Launch[] {
  const { heads, headDim, stateSize, groups } = op;
  const mixer = mixerOf(op, at.program);
  const chunked = isChunked(op, at);
  const recurrent = recurrentParts(op, at);
  const isFused = ({ longestSegment }: Extents): boolean => mixer !== undefined && longestSegment === 1;
  const kernel = (inputs: string, first: readonly Binding[], constants: Launch["constants"]) => ({
    source: [
      `const STATES_PER_LANE: u32 = ${Math.ceil(stateSize / 8)};`,
      softplus,
      inputs,
      recurrent.source,
      ssmScanSource,
    ].join("\n"),
    entryPoint: "ssm_scan",
    constants: {
      SEGMENT: at.feed(op.segment),
      HEADS: heads,
      HEAD_DIM: headDim,
      STATE_SIZE: stateSize,
      HEADS_PER_GROUP: heads / groups,
      SHORTEST_CHUNKED: chunked ? SHORTEST_CHUNKED : NEVER,
      ...timeStepConstants(op),
      ...constants,
      ...at.view("DT", op.dt),
      ...at.view("Y", op.output),
    },
    bindings: [
      step,
      ...first,
      read(op.dt),
      vectors(op.a, op.d, op.dtBias),
      write(op.output),
      ...recurrent.bindings,
    ],
  });
  const workgroups = ({ segments }: Extents) => [Math.ceil(headDim / 8), heads, segments] as const;
  const plain: Launch = {
    ...kernel(scanInputs, [read(op.x), read(op.b), read(op.c)], {
      ...at.view("X", op.x),
      ...at.view("B", op.b),
      ...at.view("C", op.c),
    }),
    workgroups: (extents) => (isFused(extents) ? [0] : workgroups(extents)),
  };
  const chunks = chunked ? chunkedScan(op, at, timeStepConstants(op)) : [];
  if (mixer === undefined) return [plain, ...chunks];
  const { conv } = mixer;
  const fused: Launch = {
    ...kernel(
      [activation, scanInputsConvolved].join("\n"),
      [read(conv.input), convWeights(conv), readState(conv.window)],
      {
        ...at.view("INPUT", conv.input),
        ...convConstants(conv),
        X_CHANNEL: op.x.offset,
        B_CHANNEL: op.b.offset,
        C_CHANNEL: op.c.offset,
        WEIGHT_STRIDE: convWeightStride(conv),
        ACTIVATION: activationNumber(conv.activation),
        HAS_BIAS: Number(conv.bias !== undefined),
      },
    ),
    workgroups: (extents) => (isFused(extents) ? workgroups(extents) : [0]),
  };
  return [plain, fused, ...chunks];
}

const timeStepConstants = ({ timeStepLimit: [smallest, largest] }: SsmScan): Launch["constants"] => ({
  SMALLEST_STEP: smallest,
  LARGEST_STEP: Math.min(largest, LARGEST_F32),
});
