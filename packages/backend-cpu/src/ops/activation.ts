import type { Activation } from "@krait/tensor";

/** x · sigmoid(x). Elfwing et al. 2017, arXiv:1702.03118. */
export function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

/** max(x, 0)². So et al. 2021, arXiv:2109.08668. */
export function squaredRelu(x: number): number {
  return x <= 0 ? 0 : x * x; // so asked, a NaN stays one
}

/** log(1 + eˣ), written so that nothing overflows and small results keep their digits. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

export function activate(activation: Activation | undefined, x: number): number {
  switch (activation) {
    case undefined:
      return x;
    case "silu":
      return silu(x);
    case "relu2":
      return squaredRelu(x);
    default:
      return activation satisfies never;
  }
}
