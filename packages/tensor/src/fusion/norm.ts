import type { Linear, RmsNorm } from "../ops/dense.ts";
import { accessOf } from "../ops/op.ts";
import type { Program } from "../program.ts";

/**
 * The norm whose output a product reads, where the product can read the norm's input instead: nobody
 * but products reads that output, and a later op still reads the input, so that its buffer is not yet
 * another value's.
 */
export function normBefore(op: Linear, program: Program): RmsNorm | undefined {
  const { ops, outputs } = program;
  const { value, offset } = op.input;
  const norm = ops.find((other): other is RmsNorm => other.op === "rmsNorm" && other.output.value === value);
  if (norm === undefined || offset !== 0 || norm.output.offset !== 0) return undefined;
  if (op.input.columns !== norm.output.columns) return undefined;
  if (Object.values(outputs).some((output) => output.value === value)) return undefined;
  const readers = ops.filter((other) => accessOf(other).reads.some((operand) => operand.value === value));
  if (!readers.every((reader) => reader.op === "linear" && reader.residual?.value !== value))
    return undefined;
  const later = ops.slice(ops.indexOf(op) + 1);
  const isAlive = later.some((other) =>
    accessOf(other).reads.some((operand) => operand.value === norm.input.value),
  );
  return isAlive ? norm : undefined;
}

/** Whether all that read a norm's output do without it when there is one row. */
export function isNormSpared(norm: RmsNorm, program: Program): boolean {
  const readers = program.ops.filter((op) =>
    accessOf(op).reads.some(({ value }) => value === norm.output.value),
  );
  return (
    readers.length > 0 &&
    readers.every((reader) => reader.op === "linear" && normBefore(reader, program) === norm)
  );
}
