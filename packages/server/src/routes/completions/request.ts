import { z } from "zod";
import { readSampling } from "../../generation/sampling-options.ts";
import { readStructuredFormat } from "../../generation/structured-format.ts";
import { unsupported } from "../../http/api-error.ts";
import { validate } from "../../http/validation.ts";
import type { ServedTextRequest } from "../../model/served-model.ts";
import { responseFormat, toResponseFormat } from "../chat-completions/response-format.ts";

const token = z.int().min(0);
const count = z.int().min(1).nullish();

const schema = z.object({
  model: z.string().nullish(),
  prompt: z.union([
    z.string(),
    z.array(z.string()).min(1),
    z.array(token).min(1),
    z.array(z.array(token).min(1)).min(1),
  ]),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: count,
  best_of: count,
  // None reads the prompt alone, for its log-probabilities.
  max_tokens: z.int().min(0).nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(16)]).nullish(),
  logprobs: z.int().min(0).max(20).nullish(),
  echo: z.boolean().nullish(),
  suffix: z.string().nullish(),
  response_format: responseFormat.nullish(),
});

type Body = z.infer<typeof schema>;

export const completionsSchema: z.ZodType = schema;

export interface CompletionsRequest {
  readonly model: string | null | undefined;
  readonly prompts: readonly (string | readonly number[])[];
  readonly text: Omit<ServedTextRequest, "signal" | "prompt">;
  readonly choicesPerPrompt: number;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly logprobs: boolean;
  readonly echo: boolean;
}

/** @throws {ApiError} naming the field that is wrong. */
export function readCompletions(value: unknown): CompletionsRequest {
  const body = validate(schema, value);
  const choicesPerPrompt = body.n ?? 1;
  if (body.suffix) unsupported("suffix", "text to fill in before another is not supported.");
  if ((body.best_of ?? choicesPerPrompt) !== choicesPerPrompt) {
    unsupported("best_of", "all of the answers are given, so it should be n or left out.");
  }
  const { logprobs } = body;
  return {
    model: body.model,
    prompts: promptsOf(body.prompt),
    text: {
      sampling: { ...readSampling(value), ...(logprobs != null && { logprobs }) },
      // OpenAI's default, which clients of this old API count on.
      maxTokens: body.max_tokens ?? 16,
      stop: typeof body.stop === "string" ? [body.stop] : (body.stop ?? undefined),
      responseFormat: readStructuredFormat(value) ?? toResponseFormat(body.response_format),
      ...(logprobs != null && body.echo === true && { promptLogprobs: logprobs }),
    },
    choicesPerPrompt,
    stream: body.stream === true,
    includeUsage: body.stream_options?.include_usage === true,
    logprobs: logprobs != null,
    echo: body.echo === true,
  };
}

function promptsOf(prompt: Body["prompt"]): readonly (string | readonly number[])[] {
  if (typeof prompt === "string") return [prompt];
  return typeof prompt[0] === "number" ? [prompt as number[]] : (prompt as (string | number[])[]);
}
