import { z } from "zod";
import { ApiError, unsupported } from "../http/api-error.ts";
import { validate } from "../http/validation.ts";
import type { ResponseFormat } from "../model/served-model.ts";

const json = z.union([z.record(z.string(), z.unknown()), z.string()]).nullish();
const choice = z.array(z.string().min(1)).min(1).nullish();
const regex = z.string().nullish();

/** What an answer cannot be held to here, and what is refused rather than ignored. */
const grammar = z.unknown().optional();

// vLLM's names, the present ones and those before.
const schema = z.object({
  structured_outputs: z
    .object({
      ...{ json, regex, choice, json_object: z.boolean().nullish() },
      ...{ grammar, structural_tag: grammar },
    })
    .nullish(),
  guided_json: json,
  guided_regex: regex,
  guided_choice: choice,
  guided_grammar: grammar,
});

export const structuredFormatSchema: z.ZodType = schema;

/**
 * What an answer is held to by the names that other servers have for what `response_format` cannot say.
 *
 * @throws {ApiError} for a field that is wrong, naming it.
 */
export function readStructuredFormat(value: unknown): ResponseFormat | undefined {
  const body = validate(schema, value);
  const asked = body.structured_outputs;
  refuseGrammar("structured_outputs.grammar", asked?.grammar);
  refuseGrammar("structured_outputs.structural_tag", asked?.structural_tag);
  refuseGrammar("guided_grammar", body.guided_grammar);
  const ofJson = asked?.json ?? body.guided_json;
  if (ofJson != null) {
    return {
      type: "json-schema",
      schema: typeof ofJson === "string" ? parsed(ofJson) : ofJson,
      strict: true,
    };
  }
  const pattern = asked?.regex ?? body.guided_regex;
  if (pattern != null) return { type: "regex", pattern };
  const choices = asked?.choice ?? body.guided_choice;
  if (choices != null) return { type: "choice", choices };
  return asked?.json_object ? { type: "json-object" } : undefined;
}

function refuseGrammar(param: string, given: unknown): void {
  if (given == null) return;
  unsupported(param, "answers are held to JSON schemas, regular expressions and choices, and to no grammar.");
}

function parsed(text: string): object {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError("invalid", "The JSON schema of the answer is a text that is not JSON.", {
      code: "invalid_schema",
      cause,
    });
  }
}
