import type { CountTokens, Embed, GatherRows, ResolveToken } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Launch, read, readState, step, write, writeState } from "../launch.ts";
import { shardsOf } from "../weight.ts";
import { weightLayout } from "../weights/weight-layout.ts";
import countTokensSource from "./count-tokens.wgsl";
import embedSource from "./embed.wgsl";
import gatherRowsSource from "./gather-rows.wgsl";
import resolveTokenSource from "./resolve-token.wgsl";

export function resolveToken(op: ResolveToken, at: CompileContext): Launch[] {
  return [
    {
      source: resolveTokenSource,
      entryPoint: "resolve_token",
      constants: {
        ROWS_AT: at.layout.extent("rows"),
        TOKEN: at.feed(op.token),
        SLOT: at.feed(op.slot),
        ...at.view("OUTPUT", op.output),
      },
      bindings: [step, readState(op.lastToken), write(op.output)],
      workgroups: ({ rows }) => [Math.ceil(rows / 64)],
    },
  ];
}

/** Slots are copied where segments read others, then rows are counted. */
export function countTokens(op: CountTokens, at: CompileContext): Launch[] {
  const vocabularySize = at.stateSize(op.count);
  const kernel = {
    source: countTokensSource,
    constants: {
      SEGMENT: at.feed(op.segment),
      GENERATED: at.feed(op.generated),
      ...at.view("TOKEN", op.token),
      VOCABULARY: vocabularySize,
    },
    bindings: [step, read(op.token), writeState(op.count)],
  };
  return [
    {
      ...kernel,
      entryPoint: "copy_counts",
      workgroups: ({ segments }) => [Math.ceil(vocabularySize / 256), segments],
    },
    {
      ...kernel,
      entryPoint: "count_tokens",
      workgroups: ({ segments, longestSegment }) => [Math.ceil(longestSegment / 64), segments],
    },
  ];
}

/** One dispatch for each buffer of the table. */
export function embed(op: Embed, at: CompileContext): Launch[] {
  const spec = at.weight(op.table);
  const layout = weightLayout(spec.format, op.hiddenSize);
  const rows = at.rows(op.output);
  const chunks = Math.ceil(op.hiddenSize / layout.chunkValues);
  return shardsOf(spec, at.maxBufferBytes).map((shard, index) => ({
    source: `${layout.source}\n${embedSource}`,
    entryPoint: "embed",
    constants: {
      ...layout.constants,
      FIRST_ROW: shard.firstRow,
      TABLE_ROWS: shard.rows,
      ROW_VECTORS: layout.rowBytes / 16,
      COLUMNS: op.hiddenSize,
      ...at.view("TOKEN", op.token),
      ...at.view("OUTPUT", op.output),
    },
    bindings: [{ kind: "weight", weight: op.table.weight, shard: index }, read(op.token), write(op.output)],
    workgroups: (extents) => [Math.ceil(chunks / 64), extents[rows]],
  }));
}

export function gatherRows(op: GatherRows, at: CompileContext): Launch[] {
  const { columns } = op.output;
  return [
    {
      source: gatherRowsSource,
      entryPoint: "gather_rows",
      constants: {
        ROW: at.feed(op.row),
        COLUMNS: columns,
        ...at.view("INPUT", op.input),
        ...at.view("OUTPUT", op.output),
      },
      bindings: [step, read(op.input), write(op.output)],
      workgroups: ({ outputRows }) => [Math.ceil(columns / 64), outputRows],
    },
  ];
}
