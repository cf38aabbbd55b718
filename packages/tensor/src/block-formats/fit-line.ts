// A scale and a minimum for the values of one sub-block; see fit-scale.ts.

import { nearestInteger } from "./fit-scale.ts";

const { fround } = Math;
const TENTH = fround(0.1);

/** The levels of the line that is being tried. */
const trial = new Float32Array(32);

/** How far the range is varied: `steps` + 1 times, from `first` on by a tenth of a level; and how errors count. */
export interface LineSearch {
  readonly first: number;
  readonly steps: number;
  readonly error: "absolute" | "squared";
}

/** x ≈ scale · level − minimum. */
export interface Line {
  readonly scale: number;
  /** Never negative, so that a range of values always includes zero. */
  readonly minimum: number;
}

/**
 * Levels from 0 to `most` by weighted least squares.
 *
 * @param weights - one for each of the values; their count is the sub-block's, 32 at most.
 * @param levels - receives the level of each value, from `at` on.
 */
export function fitLine(
  x: Float32Array,
  at: number,
  weights: Float32Array,
  most: number,
  levels: Uint8Array,
  search: LineSearch,
): Line {
  const count = weights.length;
  const errorOfTrial = search.error === "absolute" ? absoluteError : squaredError;
  let least = x[at]!;
  let largest = least;
  let sumWeights = 0;
  let sumX = 0;
  for (let i = 0; i < count; i++) {
    const value = x[at + i]!;
    if (value < least) least = value;
    if (value > largest) largest = value;
    sumWeights = fround(sumWeights + weights[i]!);
    sumX = fround(sumX + fround(weights[i]! * value));
  }
  if (least > 0) least = 0;
  if (largest === least) {
    levels.fill(0, at, at + count);
    return { scale: 0, minimum: -least };
  }

  let inverse = fround(most / fround(largest - least));
  for (let i = 0; i < count; i++) {
    trial[i] = levelOf(fround(inverse * fround(x[at + i]! - least)), most);
    levels[at + i] = trial[i]!;
  }
  let scale = fround(1 / inverse);
  let offset = least;
  let leastError = errorOfTrial(x, at, weights, scale, offset);

  for (let step = 0; step <= search.steps; step++) {
    // The range starts at the minimum of the best line so far.
    const range = fround(largest - offset);
    inverse = fround(fround(fround(search.first + fround(TENTH * step)) + most) / range);
    let sumLevels = 0;
    let sumSquares = 0;
    let sumProducts = 0;
    for (let i = 0; i < count; i++) {
      const value = x[at + i]!;
      const level = levelOf(fround(inverse * fround(value - offset)), most);
      trial[i] = level;
      const weighted = fround(weights[i]! * level);
      sumLevels = fround(sumLevels + weighted);
      sumSquares = fround(sumSquares + fround(weighted * level));
      sumProducts = fround(sumProducts + fround(weighted * value));
    }
    const determinant = fround(fround(sumWeights * sumSquares) - fround(sumLevels * sumLevels));
    if (determinant <= 0) continue;
    let trialScale = fround(
      fround(fround(sumWeights * sumProducts) - fround(sumX * sumLevels)) / determinant,
    );
    let trialOffset = fround(
      fround(fround(sumSquares * sumX) - fround(sumLevels * sumProducts)) / determinant,
    );
    if (trialOffset > 0) {
      trialOffset = 0;
      trialScale = fround(sumProducts / sumSquares);
    }
    const error = errorOfTrial(x, at, weights, trialScale, trialOffset);
    if (error >= leastError) continue;
    for (let i = 0; i < count; i++) levels[at + i] = trial[i]!;
    leastError = error;
    scale = trialScale;
    offset = trialOffset;
  }
  return { scale, minimum: -offset };
}

/** Σ weight · (scale · level + offset − x)² */
function squaredError(
  x: Float32Array,
  at: number,
  weights: Float32Array,
  scale: number,
  offset: number,
): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    const difference = fround(fround(fround(scale * trial[i]!) + offset) - x[at + i]!);
    sum = fround(sum + fround(weights[i]! * fround(difference * difference)));
  }
  return sum;
}

/** Σ weight · |scale · level + offset − x| */
function absoluteError(
  x: Float32Array,
  at: number,
  weights: Float32Array,
  scale: number,
  offset: number,
): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    const difference = fround(fround(fround(scale * trial[i]!) + offset) - x[at + i]!);
    sum = fround(sum + fround(weights[i]! * Math.abs(difference)));
  }
  return sum;
}

function levelOf(x: number, most: number): number {
  const level = nearestInteger(x);
  return Math.max(0, Math.min(most, level));
}
