import { SamplerError } from "./error.ts";

/** How tokens are chosen. What is left out leaves the model's own distribution as it is. */
export interface SamplingOptions {
  /** Divides the logits. 0 is greedy: the largest logit, the lower id among equals. Default 1. */
  readonly temperature?: number;
  /** Keeps this many of the most likely tokens; 0 keeps all. Default 0. */
  readonly topK?: number;
  /** Keeps the fewest of the most likely tokens whose probabilities add up to this; in (0, 1]. Default 1. */
  readonly topP?: number;
  /** Keeps tokens at least this many times as likely as the most likely one; in [0, 1]. Default 0. */
  readonly minP?: number;
  /** Divides positive and multiplies negative logits of tokens in prompt or output; above 0. Default 1. */
  readonly repetitionPenalty?: number;
  /** Taken once from the logit of every token in the output. Default 0. */
  readonly presencePenalty?: number;
  /** Taken from a logit once for every time its token is in the output. Default 0. */
  readonly frequencyPenalty?: number;
  /** Added to the logits of these tokens; −∞ bans one. */
  readonly logitBias?: ReadonlyMap<number, number>;
  /** 64 bits: a whole number from −2⁶³ to 2⁶⁴ − 1, taken modulo 2⁶⁴. Drawn at random unless given. */
  readonly seed?: number | bigint;
  /** Also gives the log-probability of the token, and of this many of the most likely tokens. */
  readonly logprobs?: number;
}

/** Every option with its value, the numbers rounded to the single precision in which a device holds them. */
export interface ResolvedSamplingOptions {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly repetitionPenalty: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly logitBias: ReadonlyMap<number, number>;
  readonly seed: bigint;
  readonly logprobs: number | undefined;
}

/** @throws {SamplerError} `SAMPLING_OPTION`, naming the first option outside its range. */
export function resolveOptions(options: SamplingOptions): ResolvedSamplingOptions {
  const single = (name: NumberOption, fallback: number, fits: (value: number) => boolean, range: string) => {
    const value = options[name] ?? fallback;
    const rounded = Math.fround(value);
    if (!(typeof value === "number" && Number.isFinite(rounded) && fits(rounded))) fail(name, range, value);
    return rounded;
  };
  const count = (name: "topK" | "logprobs") => {
    const value = options[name];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0)) {
      fail(name, "a whole number, 0 or more", value);
    }
    return value;
  };
  const finite = () => true;
  return {
    temperature: single("temperature", 1, (value) => value >= 0, "a number, 0 (greedy) or more"),
    topK: count("topK") ?? 0,
    topP: single("topP", 1, (value) => value > 0 && value <= 1, "a number above 0, up to 1"),
    minP: single("minP", 0, (value) => value >= 0 && value <= 1, "a number from 0 to 1"),
    repetitionPenalty: single("repetitionPenalty", 1, (value) => value > 0, "a number above 0"),
    presencePenalty: single("presencePenalty", 0, finite, "a finite number"),
    frequencyPenalty: single("frequencyPenalty", 0, finite, "a finite number"),
    logitBias: resolveBias(options.logitBias),
    seed: resolveSeed(options.seed),
    logprobs: count("logprobs"),
  };
}

type NumberOption = {
  [Name in keyof SamplingOptions]-?: SamplingOptions[Name] extends number | undefined ? Name : never;
}[keyof SamplingOptions];

function resolveBias(logitBias: SamplingOptions["logitBias"]): ReadonlyMap<number, number> {
  const resolved = new Map<number, number>();
  for (const [token, bias] of logitBias ?? []) {
    if (!(Number.isSafeInteger(token) && token >= 0)) {
      fail("logitBias", "a map from token ids (whole numbers, 0 or more)", token);
    }
    const rounded = Math.fround(bias);
    if (Number.isNaN(rounded) || rounded === Infinity) {
      fail("logitBias", `a number or −∞ for token ${token}`, bias);
    }
    resolved.set(token, rounded);
  }
  return resolved;
}

function resolveSeed(seed: number | bigint | undefined): bigint {
  if (seed === undefined) return crypto.getRandomValues(new BigUint64Array(1))[0]!;
  const whole = typeof seed === "bigint" ? seed : Number.isSafeInteger(seed) ? BigInt(seed) : undefined;
  if (whole === undefined || whole < -(2n ** 63n) || whole >= 2n ** 64n) {
    fail("seed", "a safe integer, or a bigint from −2⁶³ to 2⁶⁴ − 1", seed);
  }
  return BigInt.asUintN(64, whole);
}

function fail(subject: string, expected: string, actual: unknown): never {
  throw new SamplerError({
    code: "SAMPLING_OPTION",
    message: `The sampling option "${subject}" must be ${expected}, but it is ${String(actual)}.`,
    subject,
    actual,
  });
}
