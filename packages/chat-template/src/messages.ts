// The messages and tools of the OpenAI chat API, as far as templates use them.

export interface TextPart {
  readonly type: "text";
  readonly text: string;
}

/** Text, or text in parts; parts are joined by newlines in robust mode. */
export type TextContent = string | readonly TextPart[];

export interface SystemMessage {
  /** `developer` is OpenAI's newer name for `system`. */
  readonly role: "system" | "developer";
  readonly content: TextContent;
}

export interface UserMessage {
  readonly role: "user";
  readonly content: TextContent;
}

export interface AssistantMessage {
  readonly role: "assistant";
  /** May be null or missing beside `tool_calls`. A last assistant message is the start of the reply. */
  readonly content?: TextContent | null | undefined;
  readonly tool_calls?: readonly ToolCall[] | null | undefined;
}

export interface ToolMessage {
  readonly role: "tool";
  /** What the tool returned: text, or any JSON value. */
  readonly content: unknown;
  readonly tool_call_id?: string | undefined;
}

export type Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

export interface FunctionCall {
  readonly name: string;
  /** JSON text (inserted as it stands) or the object itself. */
  readonly arguments?: string | object | null | undefined;
}

/** A call as in the OpenAI API, or the bare function call. */
export type ToolCall =
  | { readonly id?: string; readonly type?: "function"; readonly function: FunctionCall }
  | FunctionCall;

export interface FunctionSchema {
  readonly name: string;
  readonly description?: string | undefined;
  /** A JSON schema. */
  readonly parameters?: object | undefined;
  /** Whether calls must satisfy the schema. Whoever enforces it keeps it out of the prompt; a template writes all it is given. */
  readonly strict?: boolean | undefined;
}

/** A tool as in the OpenAI API, or the bare function. */
export type Tool = { readonly type: "function"; readonly function: FunctionSchema } | FunctionSchema;
