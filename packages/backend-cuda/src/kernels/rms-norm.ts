import type { RmsNorm } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { f32, i32, type Launch, pointer, weight } from "../launch.ts";
import { linearInputPtx } from "../ptx/linear-input.ts";
import { rmsNormPtx } from "../ptx/rms-norm.ts";
import { fusionOf, mostFusedRows, normalizedRows } from "./norm-fusion.ts";
import { inRange } from "./row-range.ts";

/** One block for each row; none for few rows that the products after it take over. */
export function rmsNorm(op: RmsNorm, at: CompileContext): Launch[] {
  const rows = at.rows(op.output);
  const { columns } = op.input;
  const fusion = fusionOf(op, at);
  const fusedRows = fusion === undefined ? 0 : mostFusedRows[fusion];
  const input = [at.extent(rows), pointer(op.input), at.stride(op.input)];
  const norm: Launch = {
    module: rmsNormPtx,
    kernel: "rms_norm",
    threads: 256,
    args: [
      ...input,
      weight(op.weight),
      pointer(op.output),
      at.stride(op.output),
      i32(columns),
      f32(op.epsilon),
    ],
    grid: inRange(rows, { above: fusedRows, upTo: Number.POSITIVE_INFINITY }, (count) => [count]),
  };
  if (fusion !== "as bytes") return [norm];
  const asBytes: Launch = {
    module: linearInputPtx,
    kernel: "normalize_and_quantize",
    threads: 512,
    args: [
      ...input,
      i32(Number(at.isAligned(op.input))),
      weight(op.weight),
      i32(columns),
      f32(op.epsilon),
      normalizedRows(op, at),
    ],
    grid: inRange(rows, { above: 0, upTo: fusedRows }, (count) => [count]),
  };
  return [asBytes, norm];
}
