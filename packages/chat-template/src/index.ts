export type {
  ChatTemplate,
  ChatTemplateOptions,
  RenderedPrompt,
  RenderOptions,
} from "./chat-template.ts";
export { createChatTemplate } from "./chat-template.ts";
export type { ChatTemplateErrorCode } from "./chat-template-error.ts";
export { ChatTemplateError } from "./chat-template-error.ts";
export { JsonNumber, parseExactJson } from "./exact-json.ts";
export type {
  AssistantMessage,
  FunctionCall,
  FunctionSchema,
  Message,
  SystemMessage,
  TextContent,
  TextPart,
  Tool,
  ToolCall,
  ToolMessage,
  UserMessage,
} from "./messages.ts";
export type { PromptPiece } from "./prompt-pieces.ts";
