// How ggml's K-quants choose a scale for the values of one sub-block, and the whole
// number ("level") of each value. Rounding to the nearest level of the widest range is only the start: other
// ranges are tried, and of each the scale that is best by least squares.
//
// Every operation is rounded to f32 and in ggml's order, since its bits are to be met.
//
// Source: make_qx_quants, make_q3_quants and make_qkx2_quants of ggml (ggml-quants.c).

const { fround } = Math;

/** A magnitude below which ggml takes a sub-block for zeros. */
export const TINY: number = fround(1e-15);
const TENTH = fround(0.1);

/** Half to even, for |x| < 2²². */
export function nearestInteger(x: number): number {
  return fround(x + 12582912) - 12582912;
}

/** The value of the largest magnitude. */
function extremeOf(x: Float32Array, at: number, count: number): number {
  let extreme = 0;
  for (let i = at; i < at + count; i++) if (Math.abs(x[i]!) > Math.abs(extreme)) extreme = x[i]!;
  return extreme;
}

/**
 * x ≈ scale · level, with levels from −half to half − 1, weighted by x². Tries 19 ranges.
 *
 * @param levels - receives each level plus `half`.
 */
export function fitScale(
  x: Float32Array,
  at: number,
  count: number,
  half: number,
  levels: Uint8Array,
): number {
  const extreme = extremeOf(x, at, count);
  if (Math.abs(extreme) < TINY) {
    levels.fill(0, at, at + count);
    return 0;
  }
  let scale = 0;
  let best = 0;
  for (let step = 0; step <= 19; step++) {
    const offset = step - 10;
    if (offset === 0) continue; // the widest range, which is the first one tried
    const range = step === 0 ? -half : -fround(half + fround(TENTH * offset));
    const inverse = fround(range / extreme);
    let products = 0;
    let squares = 0;
    for (let i = at; i < at + count; i++) {
      const value = x[i]!;
      const level = clamp(nearestInteger(fround(inverse * value)), -half, half - 1);
      const weight = fround(value * value);
      products = fround(products + fround(fround(weight * value) * level));
      squares = fround(squares + fround(fround(weight * level) * level));
    }
    const isBetter = squares > 0 && fround(products * products) > fround(best * squares);
    if (step > 0 && !isBetter) continue;
    for (let i = at; i < at + count; i++) {
      levels[i] = half + clamp(nearestInteger(fround(inverse * x[i]!)), -half, half - 1);
    }
    scale = squares > 0 ? fround(products / squares) : 0;
    best = fround(scale * products);
  }
  return scale;
}

/**
 * As {@link fitScale}, but starts from one range and then moves single levels while that helps, in at most
 * five rounds.
 */
export function moveLevels(
  x: Float32Array,
  at: number,
  count: number,
  half: number,
  levels: Uint8Array,
): number {
  const extreme = extremeOf(x, at, count);
  if (Math.abs(extreme) < TINY) {
    levels.fill(0, at, at + count);
    return 0;
  }
  const inverse = fround(-half / extreme);
  let products = 0;
  let squares = 0;
  for (let i = at; i < at + count; i++) {
    const level = clamp(nearestInteger(fround(inverse * x[i]!)), -half, half - 1);
    levels[i] = level + half;
    const weight = fround(x[i]! * x[i]!);
    products = fround(products + fround(fround(weight * x[i]!) * level));
    squares = fround(squares + fround(fround(weight * level) * level));
  }
  for (let round = 0; round < 5; round++) {
    let hasChanged = false;
    for (let i = at; i < at + count; i++) {
      const level = levels[i]! - half;
      const weight = fround(x[i]! * x[i]!);
      const product = fround(weight * x[i]!);
      let otherProducts = fround(products - fround(product * level));
      if (otherProducts <= 0) continue;
      let otherSquares = fround(squares - fround(fround(weight * level) * level));
      const wanted = fround(fround(x[i]! * otherSquares) / otherProducts);
      const next = clamp(nearestInteger(wanted), -half, half - 1);
      if (next === level) continue;
      otherProducts = fround(otherProducts + fround(product * next));
      otherSquares = fround(otherSquares + fround(fround(weight * next) * next));
      const gain = fround(fround(otherProducts * otherProducts) * squares);
      if (otherSquares > 0 && gain > fround(fround(products * products) * otherSquares)) {
        levels[i] = next + half;
        products = otherProducts;
        squares = otherSquares;
        hasChanged = true;
      }
    }
    if (!hasChanged) break;
  }
  return squares > 0 ? fround(products / squares) : 0;
}

function clamp(level: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, level));
}
