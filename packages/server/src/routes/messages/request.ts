import type { Message, Tool } from "krait";
import { z } from "zod";
import { MOST_MESSAGES } from "../../generation/most-messages.ts";
import { type ReasoningOptions, readReasoning } from "../../generation/reasoning-options.ts";
import { reasoningOfReply } from "../../generation/reply-start.ts";
import { readSampling } from "../../generation/sampling-options.ts";
import { contentSchema, textOf } from "../../generation/text-content.ts";
import { inCallOrder } from "../../generation/tool-results.ts";
import { ApiError, unsupported } from "../../http/api-error.ts";
import { validate } from "../../http/validation.ts";
import type { ServedChatRequest, ToolChoice } from "../../model/served-model.ts";
import { blockSchema, toMessages } from "./blocks.ts";

const message = z.object({
  role: z.enum(["user", "assistant"]),
  content: z.union([z.string(), z.array(blockSchema)]),
});

const tool = z.object({
  type: z.literal("custom").nullish(),
  name: z.string().min(1),
  description: z.string().nullish(),
  input_schema: z.record(z.string(), z.unknown()),
  strict: z.boolean().nullish(),
});

const conversation = z.object({
  model: z.string().nullish(),
  system: contentSchema,
  messages: z.array(message).min(1).max(MOST_MESSAGES),
  tools: z.array(tool).nullish(),
  // What is kept elsewhere and would be missing from the prompt is refused, and not ignored.
  thread: z.unknown().optional(),
  mcp_servers: z.array(z.unknown()).nullish(),
});

const format = z
  .object({ type: z.literal("json_schema"), schema: z.record(z.string(), z.unknown()) })
  .nullish();

const parallel = { disable_parallel_tool_use: z.boolean().nullish() };

const schema = conversation.extend({
  max_tokens: z.int().min(1),
  stream: z.boolean().nullish(),
  output_config: z.object({ format }).nullish(),
  /** Its name before `output_config`. */
  output_format: format,
  stop_sequences: z.array(z.string().min(1)).max(16).nullish(),
  tool_choice: z
    .discriminatedUnion("type", [
      z.object({ type: z.literal("auto"), ...parallel }),
      z.object({ type: z.literal("any"), ...parallel }),
      z.object({ type: z.literal("none") }),
      z.object({ type: z.literal("tool"), name: z.string(), ...parallel }),
    ])
    .nullish(),
});

type Conversation = z.infer<typeof conversation>;

export const messagesSchema: z.ZodType = schema;
export const countTokensSchema: z.ZodType = conversation;

export interface MessagesRequest {
  readonly model: string | null | undefined;
  readonly chat: Omit<ServedChatRequest, "signal">;
  readonly reasoning: ReasoningOptions;
  readonly stream: boolean;
}

/** What is counted: the conversation without how it is answered. */
export interface CountTokensRequest extends Pick<ServedChatRequest, "messages" | "tools" | "reasoning"> {
  readonly model: string | null | undefined;
}

/** @throws {ApiError} naming the field that is wrong. */
export function readMessages(value: unknown): MessagesRequest {
  const body = validate(schema, value);
  const { tool_choice: choice } = body;
  const format = body.output_config?.format ?? body.output_format;
  const reasoning = readReasoning(value);
  const conversation = readConversation(body);
  return {
    model: body.model,
    chat: {
      ...conversation,
      toolChoice: toToolChoice(choice),
      parallelToolCalls: !(
        choice != null &&
        "disable_parallel_tool_use" in choice &&
        choice.disable_parallel_tool_use
      ),
      responseFormat:
        format == null ? { type: "text" } : { type: "json-schema", schema: format.schema, strict: true },
      reasoning: reasoningOfReply(conversation.messages, { reasoning: switchOf(reasoning) }, "messages"),
      thinking: reasoning.thinking,
      sampling: readSampling(value),
      maxTokens: body.max_tokens,
      stop: body.stop_sequences ?? undefined,
    },
    reasoning,
    stream: body.stream === true,
  };
}

/** @throws {ApiError} naming the field that is wrong. */
export function readCountTokens(value: unknown): CountTokensRequest {
  const body = validate(conversation, value);
  const read = readConversation(body);
  const reasoning = switchOf(readReasoning(value));
  return {
    model: body.model,
    ...read,
    reasoning: reasoningOfReply(read.messages, { reasoning }, "messages"),
  };
}

/** In this API there is no thinking unless it is asked for. A budget asks for it. */
function switchOf({ reasoning, thinking }: ReasoningOptions): "on" | "off" {
  return reasoning ?? (thinking === undefined ? "off" : "on");
}

function readConversation(body: Conversation): { readonly messages: Message[]; readonly tools: Tool[] } {
  if (body.thread != null) {
    // By this code Anthropic's clients know that they have to send the whole conversation each time.
    const message = "thread: conversations are not kept here; send all of the messages.";
    throw new ApiError("invalid", message, { code: "thread_unsupported_request", param: "thread" });
  }
  if (body.mcp_servers?.length)
    unsupported("mcp_servers", "tools of other servers are not called from here.");
  const system = textOf(body.system, "system");
  return {
    messages: inCallOrder([
      ...(system === "" ? [] : [{ role: "system" as const, content: system }]),
      ...body.messages.flatMap((message, index) => toMessages(message, `messages[${index}].content`)),
    ]),
    tools: (body.tools ?? []).map(({ name, description, input_schema, strict }) => ({
      type: "function",
      function: {
        name,
        ...(description && { description }),
        parameters: input_schema,
        ...(strict === true && { strict }),
      },
    })),
  };
}

function toToolChoice(choice: z.infer<typeof schema>["tool_choice"]): ToolChoice {
  if (choice == null) return "auto";
  if (choice.type === "tool") return { name: choice.name };
  return choice.type === "any" ? "required" : choice.type;
}
