import { exponential } from "./exponential.ts";
import type { FallingLogits } from "./falling-logits.ts";

export interface TokenLogprob {
  readonly token: number;
  /** Natural logarithm of the probability. */
  readonly logprob: number;
}

/**
 * log softmax(logits), for one token and for the `count` most likely ones in order of falling
 * probability, the lower id first among equals; tokens of probability 0 are left out.
 */
export function logProbabilities(
  logits: Float32Array,
  token: number,
  count: number,
  order: FallingLogits,
): { logprob: number; top: TokenLogprob[] } {
  let largest = -Infinity;
  for (const logit of logits) if (logit > largest) largest = logit;
  let sum = 0;
  for (const logit of logits) sum += exponential(logit - largest);
  const logSumExp = largest + Math.log(sum);
  const logprobOf = (id: number) => logits[id]! - logSumExp;

  const top: TokenLogprob[] = [];
  if (count > 0) {
    order.reset(logits);
    for (let id = order.next(); id !== undefined && top.length < count; id = order.next()) {
      top.push({ token: id, logprob: logprobOf(id) });
    }
  }
  return { logprob: logprobOf(token), top };
}
