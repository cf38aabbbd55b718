export { createEngine, type Engine } from "./engine.ts";
export type { EngineOptions } from "./engine-options.ts";
export { EngineError, type EngineErrorCode } from "./errors.ts";
export type {
  FinishEvent,
  FinishReason,
  GenerateEvent,
  PrefillEvent,
  PromptLogprobsEvent,
  ReasoningEnd,
  Timing,
  TokenEvent,
  TokenLogprob,
  Usage,
} from "./events.ts";
export { Executor, type Sample } from "./executor.ts";
export type { GenerateStream } from "./generate-stream.ts";
export { LoopDetector, type LoopOptions } from "./loop-detector.ts";
export type { PrefixCacheStats } from "./prefix-cache.ts";
export type { GenerateRequest } from "./request.ts";
export type { SampleRow, SamplingFeeds } from "./sampling-feeds.ts";
export type { Session, SessionRequest } from "./session.ts";
export { type Sequence, type Snapshot, StatePool } from "./state-pool.ts";
export { LAST_TOKEN, type Rows } from "./step-feeds.ts";
export { StopFilter } from "./stop-filter.ts";
export type { Counters, EngineEvent, EngineState, EngineStats } from "./telemetry.ts";
export {
  type ChatPipelineOptions,
  createChatPipeline,
  createPlainPipeline,
  type TextPipeline,
} from "./text-pipeline.ts";
export { REASONING_CLOSE, ThinkingBudget, type ThinkingOptions } from "./thinking-budget.ts";
export type { TokenConstraint } from "./token-constraint.ts";
