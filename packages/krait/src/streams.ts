// What needs no model beside it: streams of events, and the loop that calls tools. Whoever talks to a model
// in another thread or on another machine imports this, and loads no engine with it.
export type { ChatOptions, CompleteOptions } from "./chat-options.ts";
export { type ChatResult, type ChatStream, chatStream, type MadeCall } from "./chat-stream.ts";
export { type EventStream, eventStream } from "./event-stream.ts";
export {
  type ExecutableTool,
  type RunToolsOptions,
  runTools,
  type StepEvent,
  type ToolResultEvent,
  type ToolRun,
  type ToolRunEvent,
  type ToolRunResult,
  toolSchema,
} from "./run-tools.ts";
