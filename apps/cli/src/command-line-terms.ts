/** The flags behind the options that errors of the packages name. */
const flags: Readonly<Record<string, string>> = {
  temperature: "--temperature",
  topK: "--top-k",
  topP: "--top-p",
  minP: "--min-p",
  repetitionPenalty: "--repetition-penalty",
  presencePenalty: "--presence-penalty",
  frequencyPenalty: "--frequency-penalty",
  logitBias: "--logit-bias",
  "sampling.logitBias": "--logit-bias",
  logprobs: "--logprobs",
  "sampling.logprobs": "--logprobs",
  seed: "--seed",
  stop: "--stop",
  maxTokens: "--max-tokens",
  reasoning: "--think",
  "thinking.budget": "--thinking-budget",
  "thinking.grace": "--thinking-grace",
  "prompt[]": "--tokens",
};

const SMALLER_CONTEXT = "A smaller --context takes less memory.";

/** What helps on the command line, by the error's code. */
const help: Readonly<Record<string, string>> = {
  CONTEXT_EXCEEDED: "On the command line that is --context; in a conversation /reset makes room, too.",
  MEMORY_INSUFFICIENT: SMALLER_CONTEXT,
  MEMORY_EXCEEDED: SMALLER_CONTEXT,
  WEIGHT_TARGET_EXISTS: "On the command line --force replaces a model that is there.",
  HUB_FILE_AMBIGUOUS: "On the command line that option is --file.",
  HUB_OFFLINE: "On the command line krait models pull does that, without --offline.",
  MODEL_OPTION_INVALID: "On the command line maxContext is --context, and maxSequences is --sequences.",
};

/** The fields that errors of the packages have beside their message. */
interface PackageError {
  readonly code?: unknown;
  /** The option at fault, in `@krait/sampler`. */
  readonly subject?: unknown;
  /** The same in `@krait/engine`, as `field`. */
  readonly details?: { readonly field?: unknown };
  /** The file at fault, in `@krait/weights`. */
  readonly file?: unknown;
}

/** The message of an error, with the flag at fault before it and what helps after it, where there are such. */
export function inCommandLineTerms(error: Error): string {
  const { code, subject, details, file } = error as PackageError;
  if (typeof file === "string" && isNoModel(code, file)) {
    return `${file} is not a model: expected a folder, a .gguf or .safetensors file, or for inspect a config.json.`;
  }
  const isOption = code === "SAMPLING_OPTION" || code === "REQUEST_INVALID";
  const option = String(subject ?? details?.field).replace(/\[\d+\]/, "[]");
  const flag = isOption ? flags[option] : undefined;
  const prefix = flag === undefined ? "" : `${flag}: `;
  const advice = typeof code === "string" ? help[code] : undefined;
  return prefix + error.message + (advice === undefined ? "" : ` ${advice}`);
}

/** Weights may have any name, but a file that neither is called nor begins like weights never was any. */
function isNoModel(code: unknown, file: string): boolean {
  const isUnreadable = code === "WEIGHT_HEADER_INVALID" || code === "WEIGHT_FILE_TRUNCATED";
  return isUnreadable && !/\.(gguf|safetensors)$/i.test(file);
}
