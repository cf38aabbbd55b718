import { type GatedGroupNorm, mixerOf } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { f32, i32, type Launch, pointer, state, weight } from "../launch.ts";
import { gatedGroupNormPtx } from "../ptx/gated-group-norm.ts";

/** One block for each group of a row. In a step of decoding it also leaves the window of a convolution before it. */
export function gatedGroupNorm(op: GatedGroupNorm, at: CompileContext): Launch[] {
  const rows = at.rows(op.output);
  const mixer = mixerOf(op, at.program);
  const norm: Launch = {
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
    grid: (extents) =>
      mixer !== undefined && extents.longestSegment === 1 ? [0] : [op.groups, extents[rows]],
  };
  if (mixer === undefined) return [norm];
  const { conv } = mixer;
  const normAndWindow: Launch = {
    ...norm,
    kernel: "gated_group_norm_window",
    args: [
      ...norm.args,
      at.extent("segments"),
      at.feed(conv.segment),
      pointer(conv.input),
      at.stride(conv.input),
      state(conv.window),
      i32(conv.input.columns),
      i32(conv.kernelSize),
    ],
    grid: ({ [rows]: rowCount, segments, longestSegment }) =>
      longestSegment === 1 ? [op.groups, Math.max(rowCount, segments)] : [0],
  };
  return [norm, normAndWindow];
}
