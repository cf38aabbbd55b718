import { adjustLogits, adjusts } from "./adjusted-logits.ts";
import { drawToken } from "./draw.ts";
import { SamplerError } from "./error.ts";
import { FallingLogits } from "./falling-logits.ts";
import { logProbabilities, type TokenLogprob } from "./log-probabilities.ts";
import { type ResolvedSamplingOptions, resolveOptions, type SamplingOptions } from "./options.ts";
import type { TokenHistory } from "./token-history.ts";
import { seedToKey, uniformAt } from "./uniform.ts";

export interface Sampler {
  /** Every option with its value; `seed` is the one to give again for the same draws. */
  readonly options: ResolvedSamplingOptions;
  /**
   * Chooses a token. The same logits, options, position and history give the same token on every platform.
   *
   * @param logits - one for each token of the vocabulary; read, never written. −∞ rules a token out.
   * @throws {SamplerError} `SAMPLING_LOGIT` for NaN or +∞, `SAMPLING_NO_CANDIDATE` when every token is
   * ruled out, and for a context that does not fit: `SAMPLING_POSITION`, `SAMPLING_HISTORY`,
   * `SAMPLING_TOKEN`, `SAMPLING_MASK`.
   */
  sample(logits: Float32Array, context: SampleContext): Sampled;
}

export interface SampleContext {
  /** Place in the sequence of the token to choose, the prompt counted: the first token of all is at 0. */
  readonly position: number;
  /** What the penalties look at; needed only with a penalty. */
  readonly history?: TokenHistory;
  /** `ceil(vocabularySize / 32)` words; token t may be chosen where bit t mod 32 of word floor(t / 32) is 1. */
  readonly mask?: Uint32Array;
}

export interface Sampled {
  readonly token: number;
  /** With the option `logprobs`: log softmax of the logits as given, before penalties, bias, mask and temperature. */
  readonly logprob?: number;
  /** With the option `logprobs`: that many of the most likely tokens, of the same distribution. */
  readonly top?: readonly TokenLogprob[];
}

/**
 * A sampler with these options. It remembers nothing between calls, so one serves any number of sequences.
 *
 * @throws {SamplerError} `SAMPLING_OPTION`, naming the option, what it may be and what it is.
 */
export function createSampler(options: SamplingOptions = {}): Sampler {
  const resolved = resolveOptions(options);
  const key = seedToKey(resolved.seed);
  const order = new FallingLogits();
  let scratch = new Float32Array(0);

  function copyOf(logits: Float32Array): Float32Array {
    if (scratch.length !== logits.length) scratch = new Float32Array(logits.length);
    scratch.set(logits);
    return scratch;
  }

  return {
    options: resolved,
    sample(logits, { position, history, mask }) {
      checkPosition(position);
      let adjusted = logits;
      if (adjusts(resolved, mask)) {
        largestLogit(logits); // refuses NaN before a mask can hide it
        adjusted = copyOf(logits);
        adjustLogits(adjusted, resolved, history, mask);
      }
      const best = largestLogit(adjusted);
      if (best < 0) throw noCandidate(logits.length, adjusted !== logits);
      const token =
        resolved.temperature === 0
          ? best
          : drawToken(adjusted, adjusted[best]!, resolved, uniformAt(key, position), order);
      if (resolved.logprobs === undefined) return { token };
      return { token, ...logProbabilities(logits, token, resolved.logprobs, order) };
    },
  };
}

/** The token of the largest logit, the lower id among equals; −1 when all are −∞. */
function largestLogit(logits: Float32Array): number {
  let largest = -Infinity;
  let token = -1;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id]!;
    if (logit > largest) {
      largest = logit;
      token = id;
    } else if (Number.isNaN(logit)) {
      throw badLogit(id, logit);
    }
  }
  if (largest === Infinity) throw badLogit(token, largest);
  return token;
}

function badLogit(token: number, logit: number): SamplerError {
  return new SamplerError({
    code: "SAMPLING_LOGIT",
    message:
      `The logit of token ${token} is ${logit}; a finite number or −∞ was expected. ` +
      "The model's weights or states may be damaged, or a penalty or bias too large.",
    subject: `logits[${token}]`,
    actual: logit,
  });
}

function noCandidate(vocabularySize: number, adjusted: boolean): SamplerError {
  return new SamplerError({
    code: "SAMPLING_NO_CANDIDATE",
    message:
      `All ${vocabularySize} logits are −∞${adjusted ? " after penalties, bias and mask" : ""}, ` +
      "so there is no token to choose.",
    subject: "logits",
  });
}

function checkPosition(position: number): void {
  if (Number.isSafeInteger(position) && position >= 0) return;
  throw new SamplerError({
    code: "SAMPLING_POSITION",
    message: `The position must be a whole number, 0 or more, but it is ${position}.`,
    subject: "position",
    actual: position,
  });
}
