/** What a parser reports, in the order in which the model wrote it. */
export type ToolCallEvent =
  | { readonly type: "reasoning-delta"; readonly text: string }
  | { readonly type: "text-delta"; readonly text: string }
  /** A call whose name is known. Indices count up from 0 and are never used twice. */
  | { readonly type: "tool-call-start"; readonly index: number; readonly name: string }
  /** More of the call's arguments. */
  | { readonly type: "tool-call-delta"; readonly index: number; readonly text: string }
  /** The call is complete; `arguments` is all of its deltas. Only now may it be executed. */
  | ({ readonly type: "tool-call-end"; readonly index: number } & ToolCall)
  /** The call broke off: forget it. What the model wrote of it follows as text. */
  | { readonly type: "tool-call-abort"; readonly index: number }
  | ({ readonly type: "warning" } & ParseWarning);

export interface ToolCall {
  /** As the model gave it, which it rarely does. */
  readonly id?: string;
  readonly name: string;
  /**
   * JSON exactly as the model wrote it; where it wrote a string, the content of that string. `{}` where
   * it wrote none. An object unless the warning `ARGUMENTS_NOT_OBJECT` says otherwise.
   */
  readonly arguments: string;
}

export interface ParseWarning {
  readonly code: ParseWarningCode;
  readonly message: string;
  /** For `MEMBER_UNKNOWN`: what the model wrote. */
  readonly source?: string;
}

export type ParseWarningCode =
  /** `<TOOLCALL>[` before `</think>`: taken as the end of the reasoning. */
  | "TOOL_CALL_IN_REASONING"
  /** `<TOOLCALL>` without valid calls after it, or a call that is not valid JSON: kept as text. */
  | "TOOL_CALL_MALFORMED"
  /** Calls without `</TOOLCALL>` after them: kept as calls. */
  | "TOOL_CALL_END_MISSING"
  /** `</TOOLCALL>` without `<TOOLCALL>` before it: kept as text. */
  | "TOOL_CALL_END_STRAY"
  /** `<TOOLCALL>[]</TOOLCALL>` */
  | "TOOL_CALL_BLOCK_EMPTY"
  /** `</think>` outside of reasoning: kept as text, or dropped where no text is before it. */
  | "THINK_END_STRAY"
  /** A call without arguments: `{}` is assumed. */
  | "ARGUMENTS_MISSING"
  /** Arguments that are not a JSON object, or a string that does not hold one: passed on as they are. */
  | "ARGUMENTS_NOT_OBJECT"
  /** A member of a call other than `name`, `arguments` and `id`: its text is the warning's `source`. */
  | "MEMBER_UNKNOWN";

/** All that a text holds. */
export interface ParseResult {
  readonly reasoning: string;
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly warnings: readonly ParseWarning[];
}
