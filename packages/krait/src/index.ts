export type { Message, Tool } from "@krait/chat-template";
export type { FinishEvent, FinishReason, GenerateEvent, TokenEvent, Usage } from "@krait/engine";
export type { DownloadProgress, HubErrorCode } from "@krait/hub";
export { type MatrixFormat, matrixFormats, type QuantizedTensor } from "@krait/models";
export { KraitError } from "@krait/tensor";
export { evaluateExpression } from "./calculator.ts";
export type { ChatModel } from "./chat-model.ts";
export type { ChatOptions, CompleteOptions } from "./chat-options.ts";
export type { ChatSession, OpenSessionOptions } from "./chat-session.ts";
export type { ChatResult, ChatStream, MadeCall } from "./chat-stream.ts";
export { backendNames, chooseBackend } from "./choose-backend.ts";
export { type ConvertModelOptions, type ConvertProgress, convertModel } from "./convert/convert-model.ts";
export { demoTools } from "./demo-tools.ts";
export { ModelError, type ModelErrorCode } from "./errors.ts";
export { type FindModelOptions, findModel } from "./find-model.ts";
export { type LoadModelOptions, loadModel } from "./load-model.ts";
export {
  type ExecutableTool,
  type RunToolsOptions,
  type StepEvent,
  type ToolResultEvent,
  type ToolRun,
  type ToolRunEvent,
  type ToolRunResult,
  toolSchema,
} from "./run-tools.ts";
export { toolOfPrompt } from "./structured/answer-grammar.ts";
export type { AnswerFormat, StructuredOptions } from "./structured/structured-options.ts";
export { openTextFiles, type TextFiles } from "./text-files.ts";
