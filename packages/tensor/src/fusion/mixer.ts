import type { CausalConv, GatedGroupNorm, SsmScan } from "../ops/mamba.ts";
import { accessOf, type Op } from "../ops/op.ts";
import type { Program } from "../program.ts";

/**
 * The ops around a scan that do without a convolution of their own when no segment has more than a row:
 * the scan then convolves what it reads, and the norm leaves the window, which by then nobody reads.
 */
export interface Mixer {
  readonly conv: CausalConv;
  readonly scan: SsmScan;
  readonly norm: GatedGroupNorm;
}

/** The mixer that an op is part of, where nobody but the scan reads what the convolution writes. */
export function mixerOf(
  op: CausalConv | SsmScan | GatedGroupNorm,
  { ops, outputs }: Program,
): Mixer | undefined {
  const find = <Name extends Op["op"]>(name: Name, value: number, field: "input" | "output") =>
    ops.find(
      (other): other is Extract<Op, { op: Name }> =>
        other.op === name && (other as Extract<Op, { op: Name }> & Ends)[field].value === value,
    );
  const scan =
    op.op === "ssmScan"
      ? op
      : op.op === "gatedGroupNorm"
        ? find("ssmScan", op.input.value, "output")
        : ops.find((other): other is SsmScan => other.op === "ssmScan" && other.x.value === op.output.value);
  if (scan === undefined) return undefined;
  const conv = find("causalConv", scan.x.value, "output");
  const norm = find("gatedGroupNorm", scan.output.value, "input");
  if (conv === undefined || norm === undefined) return undefined;

  const { value, offset } = conv.output;
  const readers = ops.filter((other) => accessOf(other).reads.some((operand) => operand.value === value));
  const isPrivate =
    readers.every((reader) => reader === scan) &&
    [scan.b, scan.c].every((operand) => operand.value === value) &&
    !Object.values(outputs).some((output) => output.value === value);
  // The norm reads of the convolution's input too (the gate), so that its buffer is not yet another value's.
  const isAlive = accessOf(norm).reads.some((operand) => operand.value === conv.input.value);
  const isWhole = offset === 0 && conv.segment.feed === scan.segment.feed;
  return isPrivate && isAlive && isWhole ? { conv, scan, norm } : undefined;
}

interface Ends {
  readonly input: { readonly value: number };
  readonly output: { readonly value: number };
}
