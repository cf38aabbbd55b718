import type { Message, Tool } from "krait";
import { z } from "zod";
import { MOST_MESSAGES } from "../../generation/most-messages.ts";
import { promptEnd, promptEndShape } from "../../generation/prompt-end.ts";
import {
  type ReasoningOptions,
  readReasoning,
  reasoningVariables,
} from "../../generation/reasoning-options.ts";
import { reasoningOfReply } from "../../generation/reply-start.ts";
import { readSampling } from "../../generation/sampling-options.ts";
import { readStructuredFormat } from "../../generation/structured-format.ts";
import { type Content, contentSchema, textOf } from "../../generation/text-content.ts";
import { chatToolChoice, chosenInChat } from "../../generation/tool-choice.ts";
import { inCallOrder } from "../../generation/tool-results.ts";
import { ApiError, unsupported } from "../../http/api-error.ts";
import { validate } from "../../http/validation.ts";
import type { ServedChatRequest } from "../../model/served-model.ts";
import { responseFormat, toResponseFormat } from "./response-format.ts";

const role = <const Name extends string>(name: Name) => z.literal(name);

const toolCall = z.object({
  id: z.string().nullish(),
  type: z.literal("function").nullish(),
  function: z.object({ name: z.string(), arguments: z.string() }),
});

const message = z.discriminatedUnion("role", [
  z.object({ role: role("system"), content: contentSchema }),
  z.object({ role: role("developer"), content: contentSchema }),
  z.object({ role: role("user"), content: contentSchema }),
  z.object({ role: role("assistant"), content: contentSchema, tool_calls: z.array(toolCall).nullish() }),
  z.object({ role: role("tool"), content: contentSchema, tool_call_id: z.string().nullish() }),
]);

const tool = z.object({
  type: z.literal("function"),
  function: z.object({
    name: z.string().min(1),
    description: z.string().nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
    strict: z.boolean().nullish(),
  }),
});

const count = z.int().min(1).nullish();

const schema = z.object({
  model: z.string().nullish(),
  messages: z.array(message).min(1).max(MOST_MESSAGES),
  tools: z.array(tool).nullish(),
  tool_choice: chatToolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: responseFormat.nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: count,
  max_tokens: count,
  max_completion_tokens: count,
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(16)]).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  ...promptEndShape,
  chat_template_kwargs: reasoningVariables.extend(promptEndShape).nullish(),
  // What changes the answer and is not to be had here is refused, and not ignored.
  functions: z.array(z.unknown()).nullish(),
  modalities: z.array(z.string()).nullish(),
  web_search_options: z.unknown().optional(),
});

type Body = z.infer<typeof schema>;

export const chatCompletionsSchema: z.ZodType = schema;

/** A request as the rest of the server understands it. */
export interface ChatCompletionsRequest {
  readonly model: string | null | undefined;
  readonly chat: Omit<ServedChatRequest, "signal">;
  /** Whether the prompt ends where an answer begins. */
  readonly addGenerationPrompt: boolean;
  /** The path of the field that says so, or could. */
  readonly generationPromptField: string;
  readonly reasoning: ReasoningOptions;
  readonly choices: number;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly logprobs: boolean;
}

/** @throws {ApiError} naming the field that is wrong. */
export function readChatCompletions(value: unknown): ChatCompletionsRequest {
  const body = validate(schema, value);
  if (body.functions?.length) unsupported("functions", "send `tools` instead.");
  if (body.modalities?.some((kind) => kind !== "text")) unsupported("modalities", "answers are text only.");
  if (body.web_search_options != null) {
    unsupported("web_search_options", "nothing is searched from here; give the model a tool that does.");
  }
  const reasoning = readReasoning(value);
  const logprobs = body.logprobs === true;
  if (!logprobs && (body.top_logprobs ?? 0) > 0) {
    const message = "top_logprobs: there are none without `logprobs: true`.";
    throw new ApiError("invalid", message, { code: "invalid_value", param: "top_logprobs" });
  }
  const { messages, ...end } = promptEnd(inCallOrder(body.messages.map(toMessage)), body);
  return {
    model: body.model,
    chat: {
      messages,
      tools: (body.tools ?? []).map(toTool),
      ...chosenInChat(body.tool_choice),
      parallelToolCalls: body.parallel_tool_calls ?? true,
      responseFormat: readStructuredFormat(value) ?? toResponseFormat(body.response_format),
      reasoning: reasoningOfReply(messages, reasoning, "messages"),
      thinking: reasoning.thinking,
      sampling: { ...readSampling(value), ...(logprobs && { logprobs: body.top_logprobs ?? 0 }) },
      maxTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
      stop: typeof body.stop === "string" ? [body.stop] : (body.stop ?? undefined),
    },
    ...end,
    reasoning,
    choices: body.n ?? 1,
    stream: body.stream === true,
    includeUsage: body.stream_options?.include_usage === true,
    logprobs,
  };
}

function toMessage(message: Body["messages"][number], index: number): Message {
  const text = (content: Content | null | undefined) => textOf(content, `messages[${index}].content`);
  switch (message.role) {
    case "assistant": {
      const calls = message.tool_calls ?? [];
      return {
        role: "assistant",
        content: message.content == null ? null : text(message.content),
        ...(calls.length > 0 && {
          tool_calls: calls.map(({ id, function: called }) => ({
            ...(id != null && { id }),
            type: "function" as const,
            function: called,
          })),
        }),
      };
    }
    case "tool":
      return {
        role: "tool",
        content: text(message.content),
        tool_call_id: message.tool_call_id ?? undefined,
      };
    default:
      return { role: message.role, content: text(message.content) };
  }
}

function toTool({ function: called }: NonNullable<Body["tools"]>[number]): Tool {
  const { name, description, parameters, strict } = called;
  return {
    type: "function",
    function: {
      name,
      ...(description && { description }),
      ...(parameters && { parameters }),
      ...(strict === true && { strict }),
    },
  };
}
