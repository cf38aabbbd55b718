import type { SamplingOptions } from "@krait/sampler";
import { ModelError } from "./errors.ts";

/** What `generation_config.json` and `config.json` say about generating. */
export interface GenerationConfig {
  /** The tokens at which the model ends its turn. */
  readonly endTokens: readonly number[];
  /** How to sample; undefined when the file leaves it open. */
  readonly sampling: SamplingOptions | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const numberFields = {
  temperature: "temperature",
  top_p: "topP",
  min_p: "minP",
  repetition_penalty: "repetitionPenalty",
} as const;

/**
 * Reads the files that transformers reads for this.
 *
 * `do_sample: false` is greedy, whatever else stands beside it.
 *
 * @throws {ModelError} `MODEL_FILE_INVALID` naming the field.
 */
export function readGenerationConfig(generation: unknown, config: Fields): GenerationConfig {
  const file = "generation_config.json";
  if (generation !== undefined && (typeof generation !== "object" || generation === null)) {
    invalid(file, "the file", "a JSON object", generation);
  }
  const fields = (generation ?? {}) as Fields;
  return {
    endTokens: endTokens(fields.eos_token_id ?? config.eos_token_id),
    sampling: sampling(file, fields),
  };
}

/** Keys of a GGUF file by the fields of `generation_config.json` that say the same. */
const ggufFields = {
  temperature: "temp",
  top_k: "top_k",
  top_p: "top_p",
  min_p: "min_p",
  repetition_penalty: "penalty_repeat",
} as const;

/**
 * What a GGUF file says about generating, in the keys that llama.cpp reads.
 *
 * @param config - of the file; it has the tokens at which the model ends.
 * @throws {ModelError} `MODEL_FILE_INVALID` naming the field.
 */
export function generationConfigOfGguf(metadata: Fields, config: Fields): GenerationConfig {
  const entries = Object.entries(ggufFields).map(([field, key]) => {
    const value = metadata[`general.sampling.${key}`];
    // The file holds f32: 0.95 is taken for what was written, and not for the number nearest to it.
    return [field, typeof value === "number" ? Number(value.toPrecision(7)) : value];
  });
  return {
    endTokens: endTokens(config.eos_token_id),
    sampling: sampling("the GGUF file", Object.fromEntries(entries)),
  };
}

function endTokens(value: unknown): readonly number[] {
  if (value == null) return [];
  const ids = Array.isArray(value) ? value : [value];
  if (ids.every((id) => Number.isSafeInteger(id) && id >= 0)) return ids;
  return invalid("generation_config.json", "eos_token_id", "a token id or a list of them", value);
}

function sampling(file: string, fields: Fields): SamplingOptions | undefined {
  if (fields.do_sample === false) return { temperature: 0 };
  const options: Record<string, number> = {};
  for (const [field, option] of Object.entries(numberFields)) {
    const value = fields[field];
    if (value == null) continue;
    if (typeof value !== "number" || !Number.isFinite(value)) invalid(file, field, "a number", value);
    options[option] = value;
  }
  // transformers keeps 50 candidates unless told otherwise; only a limit that the file states counts here.
  const topK = fields.top_k;
  if (topK != null) {
    if (!Number.isSafeInteger(topK) || (topK as number) < 0) invalid(file, "top_k", "a whole number", topK);
    options.topK = topK as number;
  }
  return Object.keys(options).length > 0 ? options : undefined;
}

function invalid(file: string, field: string, expected: string, actual: unknown): never {
  throw new ModelError(
    "MODEL_FILE_INVALID",
    `${file}: ${field} should be ${expected}, but is ${JSON.stringify(actual)}.`,
    { file, field, expected, actual },
  );
}
