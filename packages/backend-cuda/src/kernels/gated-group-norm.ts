import type { GatedGroupNorm } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { f32, i32, type Launch, pointer, weight } from "../launch.ts";
import { gatedGroupNormPtx } from "../ptx/gated-group-norm.ts";

/** One block for each group of a row. */
export function gatedGroupNorm(op: GatedGroupNorm, at: CompileContext): Launch[] {
  const rows = at.rows(op.output);
  return [
    {
      module: gatedGroupNormPtx,
      kernel: "gated_group_norm",
      threads: 256,
      args: [
        at.extent(rows),
        pointer(op.input),
        at.stride(op.input),
        pointer(op.gate),
        at.stride(op.gate),
        weight(op.weight),
        pointer(op.output),
        at.stride(op.output),
        i32(op.input.columns / op.groups),
        f32(op.epsilon),
      ],
      grid: (extents) => [op.groups, extents[rows]],
    },
  ];
}
