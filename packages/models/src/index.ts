export {
  type Architecture,
  architectureOf,
  type CheckpointLayout,
  type ModelConfig,
  type ModelPrograms,
  type ProgramOptions,
  type WeightEntry,
} from "./architecture.ts";
export { checkCheckpoint, deviceFormat, deviceFormats, type WeightFormats } from "./checkpoint.ts";
export { type ConvertedTensor, type ConvertOptions, convertCheckpoint } from "./convert-checkpoint.ts";
export type { QuantizedTensor } from "./convert-weight.ts";
export { CheckpointError, ConfigError, MemoryPlanError, UnsupportedArchitectureError } from "./errors.ts";
export { configOfGguf, ggufKeysOf } from "./gguf-config.ts";
export { type LoadOptions, type LoadProgress, loadModel, type Model } from "./load-model.ts";
export { type MemoryPlan, planMemory, requireMemory } from "./memory-plan.ts";
export { type ModelOptions, type ModelSizes, resolveModelOptions } from "./model-options.ts";
export type { GgufContents } from "./nemotron-h/gguf-config.ts";
export { type ModelPlan, planModel } from "./plan-model.ts";
export { type MatrixFormat, matrixFormats, quantizedFormat } from "./quantized-format.ts";
