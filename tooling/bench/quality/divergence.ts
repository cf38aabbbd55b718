/** The least that a probability counts for: below it f32 has few digits, and zeros have no logarithm. */
const LEAST = 1e-30;

/** Probabilities of one row of logits. */
export function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * How much is lost by taking `other` for `reference`: the mean over rows of sum p · ln(p / q), in nats.
 *
 * Kullback & Leibler, "On Information and Sufficiency", 1951.
 */
export function meanDivergence(
  reference: readonly ArrayLike<number>[],
  other: readonly ArrayLike<number>[],
): number {
  if (reference.length !== other.length || reference.length === 0) {
    throw new Error(`There are ${reference.length} rows, but ${other.length} to compare with them.`);
  }
  let sum = 0;
  for (const [row, p] of reference.entries()) {
    const q = other[row]!;
    for (let i = 0; i < p.length; i++) {
      if (p[i]! > 0) sum += p[i]! * Math.log(Math.max(p[i]!, LEAST) / Math.max(q[i] ?? 0, LEAST));
    }
  }
  return sum / reference.length;
}
