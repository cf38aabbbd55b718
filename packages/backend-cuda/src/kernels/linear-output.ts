import type { Linear } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Argument, i32, none, pointer, weight, weightScale } from "../launch.ts";
import { activationNumber } from "./activation.ts";

/** Up to so many rows the weight's bytes count for more than arithmetic. */
export const FEW_ROWS = 8;

/** What every kernel that finishes a product is given last. */
export function outputOf(op: Linear, at: CompileContext): Argument[] {
  return [
    weightScale(op.weight),
    op.bias ? weight(op.bias) : none,
    i32(activationNumber(op.activation)),
    ...(op.residual ? [pointer(op.residual), at.stride(op.residual)] : [none, i32(0)]),
    pointer(op.output),
    at.stride(op.output),
  ];
}
