export {
  type Architecture,
  architectureOf,
  type CheckpointLayout,
  type ModelConfig,
  type ProgramOptions,
  type WeightEntry,
} from "./architecture.ts";
export { checkCheckpoint, deviceFormat } from "./checkpoint.ts";
export { CheckpointError, ConfigError, MemoryPlanError, UnsupportedArchitectureError } from "./errors.ts";
export { configOfGguf } from "./gguf-config.ts";
export { type LoadOptions, type LoadProgress, loadModel, type Model } from "./load-model.ts";
export { type MemoryPlan, planMemory, requireMemory } from "./memory-plan.ts";
export { type ModelOptions, type ModelSizes, resolveModelOptions } from "./model-options.ts";
export type { GgufContents } from "./nemotron-h/gguf-config.ts";
