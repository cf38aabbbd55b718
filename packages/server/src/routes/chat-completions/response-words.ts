import { totalUsage } from "../../accounting/account.ts";
import type { ServedEvent, ServedUsage } from "../../model/served-model.ts";

type FinishReason = Extract<ServedEvent, { type: "finish" }>["finishReason"];

export function finishReason(reason: FinishReason): "stop" | "length" | "tool_calls" {
  return reason === "tool-calls" ? "tool_calls" : reason;
}

/** Usage of one request, its choices together. */
export function usageBody(
  choices: readonly ServedUsage[],
  choicesPerPrompt: number = choices.length,
): object {
  const total = totalUsage(choices, choicesPerPrompt);
  const { promptTokens, cachedTokens, completionTokens, reasoningTokens } = total;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
    completion_tokens_details: { reasoning_tokens: reasoningTokens },
  };
}
