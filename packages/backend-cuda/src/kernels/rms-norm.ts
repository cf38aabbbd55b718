import type { RmsNorm } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { f32, i32, type Launch, pointer, weight } from "../launch.ts";
import { rmsNormPtx } from "../ptx/rms-norm.ts";

/** One block for each row. */
export function rmsNorm(op: RmsNorm, at: CompileContext): Launch[] {
  const rows = at.rows(op.output);
  return [
    {
      module: rmsNormPtx,
      kernel: "rms_norm",
      threads: 256,
      args: [
        at.extent(rows),
        pointer(op.input),
        at.stride(op.input),
        weight(op.weight),
        pointer(op.output),
        at.stride(op.output),
        i32(op.input.columns),
        f32(op.epsilon),
      ],
      grid: (extents) => [extents[rows]],
    },
  ];
}
