export {
  type Architecture,
  architectureOf,
  type ModelConfig,
  type ProgramOptions,
  type WeightEntry,
} from "./architecture.ts";
export { checkCheckpoint } from "./checkpoint.ts";
export { CheckpointError, ConfigError, MemoryPlanError, UnsupportedArchitectureError } from "./errors.ts";
export { type LoadOptions, type LoadProgress, loadModel, type Model } from "./load-model.ts";
export { type MemoryPlan, planMemory, requireMemory } from "./memory-plan.ts";
export { type ModelOptions, type ModelSizes, resolveModelOptions } from "./model-options.ts";
