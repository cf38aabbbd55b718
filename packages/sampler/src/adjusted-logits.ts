import { SamplerError } from "./error.ts";
import type { ResolvedSamplingOptions } from "./options.ts";
import type { TokenHistory } from "./token-history.ts";

/** Whether {@link adjustLogits} would change anything. */
export function adjusts(options: ResolvedSamplingOptions, mask: Uint32Array | undefined): boolean {
  return penalizes(options) || options.logitBias.size > 0 || mask !== undefined;
}

/**
 * Penalties, bias and mask, in this order, on the logits in place.
 *
 *   seen       l = l > 0 ? l / repetitionPenalty : l · repetitionPenalty     token in prompt or output
 *   generated  l = l − presencePenalty − frequencyPenalty · n                n > 0 times in the output
 *   biased     l = l + bias
 *   masked     l = −∞                                                        where the mask's bit is 0
 *
 * Penalties are computed in double precision and rounded once, as is the sum with the bias.
 *
 * @param mask - token t at bit t mod 32 of word floor(t / 32); 1 allows it.
 * @throws {SamplerError} `SAMPLING_HISTORY`, `SAMPLING_TOKEN` or `SAMPLING_MASK`.
 *
 * @see Keskar et al. 2019, arXiv:1909.05858, section 4.1, for the repetition penalty; the rule for
 * negative logits is that of the `transformers` library.
 * @see the OpenAI API reference for presence and frequency penalties.
 */
export function adjustLogits(
  logits: Float32Array,
  options: ResolvedSamplingOptions,
  history: TokenHistory | undefined,
  mask: Uint32Array | undefined,
): void {
  if (penalizes(options)) penalize(logits, options, history);
  for (const [token, bias] of options.logitBias) {
    checkToken(token, logits.length, "logitBias");
    logits[token]! += bias;
  }
  if (mask) applyMask(logits, mask);
}

function penalizes(options: ResolvedSamplingOptions): boolean {
  return options.repetitionPenalty !== 1 || options.presencePenalty !== 0 || options.frequencyPenalty !== 0;
}

function penalize(
  logits: Float32Array,
  options: ResolvedSamplingOptions,
  history: TokenHistory | undefined,
): void {
  const { repetitionPenalty, presencePenalty, frequencyPenalty } = options;
  if (!history) {
    throw new SamplerError({
      code: "SAMPLING_HISTORY",
      message:
        "A repetition, presence or frequency penalty is set, but no history was given. " +
        "Pass `history: createTokenHistory(prompt)` and push every generated token to it.",
      subject: "history",
    });
  }
  for (const [token, count] of history.counts) {
    checkToken(token, logits.length, "history");
    const logit = logits[token]!;
    const repeated = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
    logits[token] = count > 0 ? repeated - presencePenalty - frequencyPenalty * count : repeated;
  }
}

function applyMask(logits: Float32Array, mask: Uint32Array): void {
  const words = Math.ceil(logits.length / 32);
  if (mask.length !== words) {
    throw new SamplerError({
      code: "SAMPLING_MASK",
      message:
        `The mask has ${mask.length} words of 32 bits, but a vocabulary of ${logits.length} needs ${words}. ` +
        "Check that mask and model use one tokenizer.",
      subject: "mask",
      actual: mask.length,
    });
  }
  for (let token = 0; token < logits.length; token++) {
    if (((mask[token >>> 5]! >>> (token & 31)) & 1) === 0) logits[token] = -Infinity;
  }
}

function checkToken(token: number, vocabularySize: number, subject: string): void {
  if (token >= 0 && token < vocabularySize) return;
  throw new SamplerError({
    code: "SAMPLING_TOKEN",
    message: `Token ${token} of "${subject}" is not in the vocabulary of ${vocabularySize} logits.`,
    subject,
    actual: token,
  });
}
