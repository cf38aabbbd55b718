export { ToolParserError, type ToolParserErrorCode } from "./error.ts";
export type { ParseResult, ParseWarning, ParseWarningCode, ToolCall, ToolCallEvent } from "./events.ts";
export { foldEvents } from "./fold.ts";
export {
  createToolCallParser,
  parse,
  type ToolCallParser,
  type ToolCallParserOptions,
} from "./parser.ts";
export {
  createReasoningTracker,
  type ReasoningPiece,
  type ReasoningState,
  type ReasoningTracker,
  type ReasoningTrackerOptions,
} from "./reasoning-tracker.ts";
