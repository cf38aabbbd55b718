import { z } from "zod";
import { validate } from "../http/validation.ts";
import type { ServedSampling } from "../model/served-model.ts";

const penalty = z.number().min(-100).max(100).nullish();

// The names of OpenAI's API, and the usual ones for what it does not have.
const schema = z.object({
  temperature: z.number().min(0).max(100).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(-1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  presence_penalty: penalty,
  frequency_penalty: penalty,
  repetition_penalty: z.number().gt(0).max(100).nullish(),
  logit_bias: z
    .record(z.string().regex(/^\d+$/, "expected token ids as keys"), z.number().min(-100).max(100))
    .nullish(),
  seed: z.int().nullish(),
});

export const samplingSchema: z.ZodType = schema;

/** A top-p of 0 means the likeliest token alone, which the smallest top-p above it gives. */
const LEAST_TOP_P = 1e-6;

/** @throws {ApiError} for a field that is wrong, naming it. */
export function readSampling(value: unknown): ServedSampling {
  const body = validate(schema, value);
  const { logit_bias: bias } = body;
  return {
    temperature: body.temperature ?? undefined,
    topP: body.top_p == null ? undefined : Math.max(LEAST_TOP_P, body.top_p),
    // −1 stands for all tokens elsewhere.
    topK: body.top_k == null ? undefined : Math.max(0, body.top_k),
    minP: body.min_p ?? undefined,
    presencePenalty: body.presence_penalty ?? undefined,
    frequencyPenalty: body.frequency_penalty ?? undefined,
    repetitionPenalty: body.repetition_penalty ?? undefined,
    logitBias:
      bias == null
        ? undefined
        : new Map(Object.entries(bias).map(([token, value]) => [Number(token), value])),
    seed: body.seed ?? undefined,
  };
}

/** Choices differ, and each can be had again alone. */
export function samplingOfChoice(sampling: ServedSampling, choice: number): ServedSampling {
  return sampling.seed === undefined || choice === 0
    ? sampling
    : { ...sampling, seed: sampling.seed + choice };
}
