import { exponential } from "./exponential.ts";
import type { FallingLogits } from "./falling-logits.ts";

export interface DrawSettings {
  /** Above 0. */
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
}

/**
 * Draws a token: the inverse of the cumulative distribution at u.
 *
 *   w[i] = e^((l[i] − l[0]) / temperature)        i counts tokens by falling logit, then by rising id
 *
 *   top-k    keep i < topK
 *   top-p    keep i while w[0] + … + w[i − 1] < topP · (the sum of what top-k kept)
 *   min-p    keep i while w[i] ≥ minP             w[0] = 1 is the largest
 *   token    the first i with w[0] + … + w[i] > u · (the sum of what is kept)
 *
 * Everything is in double precision and the sums run in order of i, save that of the whole vocabulary,
 * which runs in order of id.
 *
 * @param largest - the largest logit.
 * @param u - in [0, 1).
 */
export function drawToken(
  logits: Float32Array,
  largest: number,
  { temperature, topK, topP, minP }: DrawSettings,
  u: number,
  order: FallingLogits,
): number {
  const weightOf = (token: number) => exponential((logits[token]! - largest) / temperature);
  const sumOfAll = () => {
    let sum = 0;
    for (let token = 0; token < logits.length; token++) sum += weightOf(token);
    return sum;
  };
  order.reset(logits);

  if (topK === 0 && topP === 1 && minP === 0) {
    return firstAbove(u * sumOfAll(), () => {
      const token = order.next();
      return token === undefined ? undefined : { token, weight: weightOf(token) };
    });
  }

  const candidates: Candidate[] = [];
  const candidateAt = (i: number) => {
    if (i === candidates.length && (topK === 0 || i < topK)) {
      const token = order.next();
      if (token !== undefined) candidates.push({ token, weight: weightOf(token) });
    }
    return candidates[i];
  };

  let limit = Number.POSITIVE_INFINITY;
  if (topP < 1) {
    let sum = 0;
    if (topK === 0) sum = sumOfAll();
    else for (let i = 0, c = candidateAt(0); c; c = candidateAt(++i)) sum += c.weight;
    limit = topP * sum;
  }

  let kept = 0;
  let sumOfKept = 0;
  for (let c = candidateAt(0); c && sumOfKept < limit && c.weight >= minP; c = candidateAt(++kept)) {
    sumOfKept += c.weight;
  }
  let i = 0;
  return firstAbove(u * sumOfKept, () => (i < kept ? candidates[i++] : undefined));
}

interface Candidate {
  readonly token: number;
  readonly weight: number;
}

/** The first candidate at which the running sum of weights exceeds the threshold, else the last one. */
function firstAbove(threshold: number, next: () => Candidate | undefined): number {
  let token = -1;
  let sum = 0;
  for (let c = next(); c; c = next()) {
    // The sum in another order can round to a little more than this one reaches; weights of 0 never count.
    if (c.weight > 0) token = c.token;
    sum += c.weight;
    if (sum > threshold) break;
  }
  return token;
}
