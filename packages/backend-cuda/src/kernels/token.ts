import type { CountTokens, Embed, GatherRows, ResolveToken } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { i32, type Launch, pointer, state, weight, weightScale } from "../launch.ts";
import { countTokensPtx } from "../ptx/count-tokens.ts";
import { embedPtx } from "../ptx/embed.ts";
import { tokenPtx } from "../ptx/token.ts";
import { weightLayout } from "../weights/weight-layout.ts";

export function resolveToken(op: ResolveToken, at: CompileContext): Launch[] {
  return [
    {
      module: tokenPtx,
      kernel: "resolve_token",
      threads: 64,
      args: [
        at.extent("rows"),
        at.feed(op.token),
        at.feed(op.slot),
        state(op.lastToken),
        pointer(op.output),
        at.stride(op.output),
      ],
      grid: ({ rows }) => [Math.ceil(rows / 64)],
    },
  ];
}

export function gatherRows(op: GatherRows, at: CompileContext): Launch[] {
  const { columns } = op.output;
  return [
    {
      module: tokenPtx,
      kernel: "gather_rows",
      threads: 128,
      args: [
        at.extent("outputRows"),
        at.feed(op.row),
        pointer(op.input),
        at.stride(op.input),
        pointer(op.output),
        at.stride(op.output),
        i32(columns),
      ],
      grid: ({ outputRows }) => [Math.ceil(columns / 128), outputRows],
    },
  ];
}

/** Slots are copied where segments read others, then rows are counted. */
export function countTokens(op: CountTokens, at: CompileContext): Launch[] {
  const vocabulary = at.stateSize(op.count);
  const segments = [at.extent("segments"), at.feed(op.segment)];
  return [
    {
      module: countTokensPtx,
      kernel: "copy_counts",
      threads: 256,
      args: [...segments, state(op.count), i32(vocabulary)],
      grid: ({ segments }) => [Math.ceil(vocabulary / 256), segments],
    },
    {
      module: countTokensPtx,
      kernel: "count_tokens",
      threads: 64,
      args: [
        ...segments,
        pointer(op.token),
        at.stride(op.token),
        at.feed(op.generated),
        state(op.count),
        i32(vocabulary),
      ],
      grid: ({ segments, longestSegment }) => [Math.ceil(longestSegment / 64), segments],
    },
  ];
}

/** A thread for each chunk of a row. */
export function embed(op: Embed, at: CompileContext): Launch[] {
  const { format } = at.weight(op.table);
  const { rowBytes, chunkValues } = weightLayout(format, op.hiddenSize);
  const rows = at.rows(op.output);
  const chunks = Math.ceil(op.hiddenSize / chunkValues);
  return [
    {
      module: embedPtx,
      kernel: `embed_${format}`,
      threads: 64,
      args: [
        at.extent(rows),
        weight(op.table),
        weightScale(op.table),
        i32(rowBytes),
        pointer(op.token),
        at.stride(op.token),
        pointer(op.output),
        at.stride(op.output),
        i32(op.hiddenSize),
      ],
      grid: (extents) => [Math.ceil(chunks / 64), extents[rows]],
    },
  ];
}
