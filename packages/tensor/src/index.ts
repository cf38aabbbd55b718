export type * from "./backend.ts";
export { scaleFor } from "./block-formats/scaled-formats.ts";
export { type BlockPlanes, blockPlanes } from "./block-planes/block-planes.ts";
export { bindState, bindWeight } from "./checks/bind-checks.ts";
export { checkAllocation, checkByteRange, checkCopy } from "./checks/buffer-checks.ts";
export { checkExtents, checkFeed, checkLargest } from "./checks/step-checks.ts";
export { checkSupported } from "./checks/support-checks.ts";
export { checkWeight, weightPieces } from "./checks/weight-pieces.ts";
export { dequantize } from "./dequantize.ts";
export { BackendLostError, BindingError, KraitError, ProgramError, UnsupportedOpError } from "./errors.ts";
export { type Extent, type Extents, resolveShape, type Shape } from "./extents.ts";
export {
  type BlockFormat,
  byteLength,
  type DType,
  elementCount,
  type Format,
  type FormatLayout,
  formatLayouts,
  isDType,
  isScaled,
  type ScaledFormat,
  type TensorSpec,
} from "./format.ts";
export { type Mixer, mixerOf } from "./fusion/mixer.ts";
export { isNormSpared, normBefore } from "./fusion/norm.ts";
export { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16, roundToBf16, roundToF16 } from "./half-float.ts";
export { DisposedError, MemoryLimitError, WeightLengthError } from "./memory-errors.ts";
export type { Attention, WriteKv } from "./ops/attention.ts";
export type { Activation, Linear, RmsNorm } from "./ops/dense.ts";
export type { CausalConv, GatedGroupNorm, SsmScan } from "./ops/mamba.ts";
export { type Access, accessOf, type Op, type OpName, type OpOf, opNames } from "./ops/op.ts";
export {
  type AdjustLogits,
  CHOICE_COLUMNS,
  ChoiceColumn,
  type DrawToken,
  type LogSumExp,
  SETTING_COLUMNS,
  SettingColumn,
  type TokenLogit,
  type TopK,
} from "./ops/sampling.ts";
export {
  type CountTokens,
  type Embed,
  type GatherRows,
  type ResolveToken,
  SEEN_IN_PROMPT,
  SEGMENT_COLUMNS,
  SegmentColumn,
} from "./ops/token.ts";
export { planScratch, type ScratchPlan } from "./plan-scratch.ts";
export {
  type FeedRef,
  type FeedSpec,
  type Operand,
  PAGE_SIZE,
  Program,
  type StateRef,
  type StateSpec,
  type Value,
  type WeightRef,
} from "./program.ts";
export { buildProgram, ProgramBuilder } from "./program-builder.ts";
export { quantize } from "./quantize.ts";
export { reasonOf } from "./reason-of.ts";
export { pause, type RetryPolicy, type RetryWait, waitToRetry } from "./retry.ts";
export { stateBytes, stateUnitBytes } from "./state.ts";
export { StepLayout } from "./step-layout.ts";
export { StepProfiler } from "./step-profiler.ts";
export { validate } from "./validate.ts";
