import type { Operand, WeightRef } from "../program.ts";
import type { Checker } from "./check.ts";

/**
 * Root-mean-square normalization of each row, scaled by a learned weight.
 *
 *   y[r, c] = x[r, c] / sqrt(mean over c of x[r, c]² + epsilon) · weight[c]
 *
 * Zhang & Sennrich 2019, arXiv:1910.07467, eq. 4.
 */
export interface RmsNorm {
  readonly op: "rmsNorm";
  readonly input: Operand;
  /** `[hiddenSize]` */
  readonly weight: WeightRef;
  readonly epsilon: number;
  readonly output: Operand;
}

export function checkRmsNorm(op: RmsNorm, check: Checker): void {
  const columns = op.input.columns;
  const rows = check.operand("input", op.input, columns);
  check.weight("weight", op.weight, [columns]);
  check.rows("output", check.operand("output", op.output, columns), rows);
}

/**
 * `relu2` is max(x, 0)² (So et al. 2021, arXiv:2109.08668, "Primer"); `silu` is x · sigmoid(x).
 */
export type Activation = "relu2" | "silu";

/**
 * A matrix product with what usually follows it.
 *
 *   y[r, o] = activation(sum over i of weight[o, i] · x[r, i] + bias[o]) + residual[r, o]
 */
export interface Linear {
  readonly op: "linear";
  readonly input: Operand;
  /** `[output columns, input columns]` */
  readonly weight: WeightRef;
  readonly bias?: WeightRef;
  readonly activation?: Activation;
  readonly residual?: Operand;
  readonly output: Operand;
}

export function checkLinear(op: Linear, check: Checker): void {
  const outputs = op.output.columns;
  const rows = check.operand("input", op.input, op.input.columns);
  check.weight("weight", op.weight, [outputs, op.input.columns]);
  if (op.bias !== undefined) check.weight("bias", op.bias, [outputs]);
  if (op.residual !== undefined) {
    check.rows("residual", check.operand("residual", op.residual, outputs), rows);
  }
  check.rows("output", check.operand("output", op.output, outputs), rows);
}
