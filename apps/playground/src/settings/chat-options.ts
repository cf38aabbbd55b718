import type { ChatOptions } from "krait";
import type { Settings } from "./settings.ts";

/** How many candidates of a token are kept. */
const CANDIDATES = 5;

/** The JSON schema that a text holds; undefined when it holds none. */
export function schemaOf(text: string): object | undefined {
  try {
    const schema: unknown = JSON.parse(text);
    return typeof schema === "object" && schema !== null && !Array.isArray(schema) ? schema : undefined;
  } catch {
    return undefined;
  }
}

/** The settings as a request for an answer. What is left to the model is left out. */
export function chatOptionsOf(settings: Settings): ChatOptions {
  const { temperature, topP, topK, minP, repetitionPenalty, seed } = settings;
  const schema = schemaOf(settings.jsonSchema);
  const sampling = { temperature, topP, topK, minP, repetitionPenalty, seed };
  return {
    reasoning: settings.reasoning ? "on" : "off",
    ...(settings.thinkingBudget !== null && { thinking: { budget: settings.thinkingBudget } }),
    ...(settings.maxTokens !== null && { maxTokens: settings.maxTokens }),
    // A small model may say the same for as long as it is let.
    loopDetector: true,
    ...(schema && { format: { type: "json-schema", schema } as const }),
    sampling: {
      ...Object.fromEntries(Object.entries(sampling).filter(([, value]) => value !== null)),
      ...(settings.recordProbabilities && { logprobs: CANDIDATES }),
    },
  };
}
