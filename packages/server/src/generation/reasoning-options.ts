import { z } from "zod";
import { validate } from "../http/validation.ts";

// Every name under which clients of other servers switch reasoning and limit it. The README has the table;
// where several are given, the one that stands first here counts.

/** What a request says about reasoning. */
export interface ReasoningOptions {
  /** Undefined leaves it to the messages and the template. */
  readonly reasoning: "on" | "off" | undefined;
  readonly thinking: { readonly budget: number; readonly grace: number } | undefined;
  /** Whether the reasoning is part of the response. */
  readonly isShown: boolean;
}

/** Budgets in tokens for efforts. "none" is no reasoning, "xhigh" and "max" are no limit. */
const effortBudgets: Readonly<Record<string, number | undefined>> = {
  minimal: 256,
  low: 1024,
  medium: 4096,
  high: 16384,
};

/** −1 is no limit, as in llama.cpp. */
const budget = z.int().min(-1).nullish();
const flag = z.boolean().nullish();
const effort = z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish();

/** Variables for the template, by which servers let clients switch reasoning. */
const variables = z.object({
  enable_thinking: flag,
  thinking: flag,
  reasoning_budget: budget,
  thinking_budget: budget,
});

const schema = z.object({
  chat_template_kwargs: variables.nullish(),
  reasoning: z.object({ enabled: flag, max_tokens: budget, effort, exclude: flag }).nullish(),
  thinking: z.object({ type: z.enum(["enabled", "disabled", "adaptive"]), budget_tokens: budget }).nullish(),
  enable_thinking: flag,
  reasoning_effort: effort,
  output_config: z.object({ effort }).nullish(),
  thinking_token_budget: budget,
  max_thinking_tokens: budget,
  nvext: z.object({ max_thinking_tokens: budget }).nullish(),
  thinking_budget_tokens: budget,
  thinking_budget: budget,
  reasoning_budget: budget,
  thinking_grace_tokens: z.int().min(0).nullish(),
  include_reasoning: flag,
});

type Body = z.infer<typeof schema>;

export const reasoningSchema: z.ZodType = schema;
export const reasoningVariables: z.ZodObject = variables;

/** @throws {ApiError} for a field of the wrong type, naming it. */
export function readReasoning(value: unknown): ReasoningOptions {
  const body = validate(schema, value);
  const limit = budgetOf(body);
  const reasoning = limit === 0 ? "off" : switchOf(body);
  const isLimited = limit !== undefined && limit > 0;
  return {
    reasoning,
    thinking: isLimited
      ? { budget: limit, grace: body.thinking_grace_tokens ?? Math.ceil(limit / 10) }
      : undefined,
    isShown: body.include_reasoning !== false && body.reasoning?.exclude !== true,
  };
}

function switchOf(body: Body): "on" | "off" | undefined {
  const { chat_template_kwargs: variables, reasoning, thinking, enable_thinking, reasoning_effort } = body;
  const chosen =
    variables?.enable_thinking ??
    variables?.thinking ??
    reasoning?.enabled ??
    whenEffort(reasoning?.effort) ??
    (reasoning?.max_tokens == null ? undefined : reasoning.max_tokens !== 0) ??
    (thinking == null ? undefined : thinking.type !== "disabled") ??
    enable_thinking ??
    whenEffort(reasoning_effort);
  return chosen == null ? undefined : chosen ? "on" : "off";
}

function whenEffort(effort: string | null | undefined): boolean | undefined {
  return effort == null ? undefined : effort !== "none";
}

/** Undefined for no limit. */
function budgetOf(body: Body): number | undefined {
  const { chat_template_kwargs: variables, reasoning, thinking, output_config } = body;
  // Anthropic's effort says how much thinking there is, and not whether there is some.
  const ofThinking = thinking == null || thinking.type === "disabled" ? undefined : output_config?.effort;
  const effort = reasoning?.effort ?? body.reasoning_effort ?? ofThinking;
  const tokens =
    variables?.reasoning_budget ??
    variables?.thinking_budget ??
    reasoning?.max_tokens ??
    thinking?.budget_tokens ??
    body.thinking_token_budget ??
    body.max_thinking_tokens ??
    body.nvext?.max_thinking_tokens ??
    body.thinking_budget_tokens ??
    body.thinking_budget ??
    body.reasoning_budget ??
    (effort == null ? undefined : effortBudgets[effort]);
  return tokens === undefined || tokens < 0 ? undefined : tokens;
}
