import type { Message, Tool } from "krait";
import { z } from "zod";
import { MOST_MESSAGES } from "../../generation/most-messages.ts";
import { type ReasoningOptions, readReasoning } from "../../generation/reasoning-options.ts";
import { readSampling } from "../../generation/sampling-options.ts";
import { chosenInResponses, responsesToolChoice } from "../../generation/tool-choice.ts";
import { unsupported } from "../../http/api-error.ts";
import { validate } from "../../http/validation.ts";
import type { ResponseFormat, ServedChatRequest } from "../../model/served-model.ts";
import { type InputItem, type ItemReference, inputItemSchema } from "./input-items.ts";

const tool = z.object({
  type: z.literal("function"),
  name: z.string().min(1),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});

const format = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    name: z.string().nullish(),
    schema: z.record(z.string(), z.unknown()),
    strict: z.boolean().nullish(),
  }),
]);

const text = z.string().nullish();

const schema = z.object({
  model: text,
  input: z.union([z.string(), z.array(inputItemSchema).max(MOST_MESSAGES)]),
  instructions: text,
  previous_response_id: text,
  tools: z.array(tool).nullish(),
  tool_choice: responsesToolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  text: z.object({ format: format.nullish() }).nullish(),
  stream: z.boolean().nullish(),
  store: z.boolean().nullish(),
  background: z.boolean().nullish(),
  // What is too long is refused either way: nothing is left out of a conversation here.
  truncation: z.enum(["auto", "disabled"]).nullish(),
  // What is kept elsewhere and would be missing from the prompt is refused, and not ignored.
  conversation: z.unknown().optional(),
  prompt: z.unknown().optional(),
  max_output_tokens: z.int().min(1).nullish(),
  max_tool_calls: z.int().min(1).nullish(),
  include: z.array(z.string()).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  user: text,
  safety_identifier: text,
  prompt_cache_key: text,
});

export const responsesSchema: z.ZodType = schema;

export interface ResponsesRequest {
  readonly model: string | null | undefined;
  readonly chat: Omit<ServedChatRequest, "signal" | "messages">;
  readonly instructions: readonly Message[];
  readonly input: readonly (InputItem | ItemReference)[];
  readonly previousId: string | undefined;
  readonly stream: boolean;
  readonly store: boolean;
  readonly logprobs: boolean;
  readonly reasoning: ReasoningOptions;
  /** Fields that the response repeats. */
  readonly repeated: Readonly<Record<string, unknown>>;
}

/** @throws {ApiError} naming the field that is wrong. */
export function readResponses(value: unknown): ResponsesRequest {
  const body = validate(schema, value);
  if (body.background === true) unsupported("background", "responses in the background are not supported.");
  if (body.conversation != null) unsupported("conversation", "go on from `previous_response_id` instead.");
  if (body.prompt != null) {
    unsupported("prompt", "there are no stored prompts here; send `instructions` and `input`.");
  }
  const reasoning = readReasoning(value);
  const sampling = readSampling(value);
  const logprobs = body.include?.includes("message.output_text.logprobs") || (body.top_logprobs ?? 0) > 0;
  return {
    model: body.model,
    chat: {
      tools: (body.tools ?? []).map(toTool),
      ...chosenInResponses(body.tool_choice),
      parallelToolCalls: body.parallel_tool_calls ?? true,
      responseFormat: toResponseFormat(body.text?.format),
      reasoning: reasoning.reasoning,
      thinking: reasoning.thinking,
      sampling: { ...sampling, ...(logprobs && { logprobs: body.top_logprobs ?? 0 }) },
      maxTokens: body.max_output_tokens ?? undefined,
    },
    instructions: body.instructions ? [{ role: "system", content: body.instructions }] : [],
    input: typeof body.input === "string" ? [{ role: "user", content: body.input }] : body.input,
    previousId: body.previous_response_id ?? undefined,
    stream: body.stream === true,
    store: body.store ?? true,
    logprobs,
    reasoning,
    repeated: {
      previous_response_id: body.previous_response_id ?? null,
      instructions: body.instructions ?? null,
      tools: (body.tools ?? []).map(({ name, description, parameters, strict }) => ({
        type: "function",
        name,
        description: description ?? null,
        parameters: parameters ?? null,
        strict: strict ?? false,
      })),
      tool_choice: body.tool_choice ?? "auto",
      truncation: "disabled",
      parallel_tool_calls: body.parallel_tool_calls ?? true,
      text: { format: body.text?.format ?? { type: "text" } },
      top_p: sampling.topP ?? 1,
      temperature: sampling.temperature ?? 1,
      presence_penalty: sampling.presencePenalty ?? 0,
      frequency_penalty: sampling.frequencyPenalty ?? 0,
      top_logprobs: body.top_logprobs ?? 0,
      reasoning: { effort: effortOf(value), summary: null },
      user: body.user ?? null,
      max_output_tokens: body.max_output_tokens ?? null,
      max_tool_calls: body.max_tool_calls ?? null,
      store: body.store ?? true,
      background: false,
      service_tier: "default",
      metadata: body.metadata ?? {},
      safety_identifier: body.safety_identifier ?? null,
      prompt_cache_key: body.prompt_cache_key ?? null,
    },
  };
}

function effortOf(value: unknown): string | null {
  return (value as { reasoning?: { effort?: string | null } | null }).reasoning?.effort ?? null;
}

function toTool({ name, description, parameters, strict }: z.infer<typeof tool>): Tool {
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

function toResponseFormat(given: z.infer<typeof format> | null | undefined): ResponseFormat {
  if (given?.type === "json_object") return { type: "json-object" };
  if (given?.type !== "json_schema") return { type: "text" };
  return { type: "json-schema", schema: given.schema, strict: given.strict ?? false };
}
