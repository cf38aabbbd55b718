import { createSampler, type SamplingOptions } from "@krait/sampler";
import { type Command, Option } from "commander";
import type { ChatOptions } from "krait";
import { UsageError } from "./errors.ts";
import { decimal, listed, seed, tokenBias, wholeNumber } from "./flag-values.ts";
import { type QuantizeFlag, quantizeFlag } from "./quantization.ts";
import { errorMessage } from "./report-error.ts";
import type { SharedFlags } from "./shared-flags.ts";

/** The flags of every command that generates. */
export interface GenerationFlags extends SharedFlags, QuantizeFlag {
  readonly context?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly repetitionPenalty?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly logitBias?: ReadonlyMap<number, number>;
  readonly seed?: bigint;
  readonly logprobs?: number;
  readonly stop?: readonly string[];
  readonly ignoreEos?: boolean;
  /** `--think` and `--no-think`; the messages and the template decide when neither is given. */
  readonly think?: boolean;
  readonly thinkingBudget?: number;
  readonly thinkingGrace?: number;
  readonly thinkingPhrase?: string;
  readonly reasoning?: "show" | "hide" | "collapse";
  readonly system?: string;
  readonly tools?: string;
  readonly demoTools?: boolean;
  readonly json?: boolean;
}

/** A tiny model may repeat itself without end; one that was named can be trusted to know when to stop. */
export const EMBEDDED_MAX_TOKENS = 512;

export function addGenerationFlags(command: Command): Command {
  return command
    .option("--system <text>", "the system message")
    .option("--tools <file>", "JSON file of tools the model may ask for; its calls are shown")
    .option(
      "--demo-tools",
      "two tools that are really called: get_weather (invented) and calculate; chat with the embedded model has them unless told otherwise",
    )
    .option("--no-demo-tools", "without them")
    .option("--think", "reason before answering")
    .option("--no-think", "answer at once")
    .option(
      "--thinking-budget <tokens>",
      "end the reasoning at the first newline after so many tokens",
      wholeNumber(0),
    )
    .option("--thinking-grace <tokens>", "how many more there may be without a newline (500)", wholeNumber(0))
    .option("--thinking-phrase <text>", "put before the end of reasoning that the budget ends")
    .addOption(
      new Option(
        "--reasoning <how>",
        "show the reasoning dimmed, hide it, or collapse it to a count",
      ).choices(["show", "hide", "collapse"]),
    )
    .option(
      "--context <tokens>",
      "positions to make room for; what the model was trained for",
      wholeNumber(2),
    )
    .addOption(quantizeFlag("what matrices become while they are loaded; as they are stored unless given"))
    .option("--top-k <count>", "keep the most likely tokens", wholeNumber(0))
    .option("--top-p <probability>", "keep the most likely tokens that add up to this", decimal)
    .option("--min-p <ratio>", "keep tokens this likely, next to the likeliest", decimal)
    .option("--repetition-penalty <factor>", "divide the logits of tokens seen before", decimal)
    .option("--presence-penalty <amount>", "take from the logits of tokens generated before", decimal)
    .option("--frequency-penalty <amount>", "the same, for each time", decimal)
    .option("--logit-bias <token=bias>", "add to a token's logit; may be repeated", tokenBias)
    .option("--seed <number>", "draw the same tokens again", seed)
    .option("--logprobs <count>", "with --json: the most likely tokens at each step", wholeNumber(0))
    .option("--stop <text>", "end the answer before this text; may be repeated", listed)
    .option("--ignore-eos", "go on past the end of the answer")
    .option("--json", "events as JSON lines");
}

/** @throws {UsageError} for a sampling flag out of range. */
export function generationOptions(flags: GenerationFlags): ChatOptions {
  const { thinkingBudget: budget, thinkingGrace: grace, thinkingPhrase: phrase } = flags;
  const hasLimits = budget !== undefined || grace !== undefined || phrase !== undefined;
  return {
    maxTokens: flags.maxTokens ?? (flags.model === undefined ? EMBEDDED_MAX_TOKENS : undefined),
    sampling: samplingOptions(flags),
    thinking: hasLimits ? { budget, grace, phrase } : undefined,
    reasoning: flags.think === undefined ? undefined : flags.think ? "on" : "off",
    stop: flags.stop,
    ignoreEndTokens: flags.ignoreEos,
  };
}

/** What the flags say; the model's own defaults hold for the rest. */
function samplingOptions(flags: GenerationFlags): SamplingOptions {
  const { temperature, topK, topP, minP, logitBias, logprobs } = flags;
  const { repetitionPenalty, presencePenalty, frequencyPenalty } = flags;
  const given = {
    ...{ temperature, topK, topP, minP, repetitionPenalty, presencePenalty, frequencyPenalty },
    ...{ logitBias, logprobs, seed: flags.seed },
  };
  const options: SamplingOptions = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  try {
    createSampler(options);
  } catch (error) {
    throw new UsageError(errorMessage(error), { cause: error });
  }
  return options;
}
