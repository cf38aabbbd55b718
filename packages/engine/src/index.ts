export {
  createEngine,
  type Engine,
  type EngineOptions,
  type EngineStats,
  type GenerateStream,
} from "./engine.ts";
export { EngineError, type EngineErrorCode } from "./errors.ts";
export type {
  FinishEvent,
  FinishReason,
  GenerateEvent,
  PrefillEvent,
  ReasoningEnd,
  TokenEvent,
  Usage,
} from "./events.ts";
export { Executor, LAST_TOKEN, type Rows, type Sample } from "./executor.ts";
export type { GenerateRequest } from "./request.ts";
export { type Sequence, type Snapshot, StatePool } from "./state-pool.ts";
export { StopFilter } from "./stop-filter.ts";
export {
  type ChatPipelineOptions,
  createChatPipeline,
  createPlainPipeline,
  type TextPipeline,
} from "./text-pipeline.ts";
export { REASONING_CLOSE, ThinkingBudget, type ThinkingOptions } from "./thinking-budget.ts";
