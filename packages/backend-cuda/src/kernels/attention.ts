import { type Attention, type Extents, KraitError } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { f32, i32, type Launch, none, pointer, state, workspace } from "../launch.ts";
import { attentionRowsPtx } from "../ptx/attention-rows.ts";
import { attentionTilesPtx } from "../ptx/attention-tiles.ts";

/** Of pages.cuh. */
const TILE_ROWS = 64;
const PAGE_POSITIONS = 32;

/** From so many rows on some may be of one sequence, so that tensor cores pay. */
const SHORTEST_TILE = 16;

/** Positions that a block should have at least: a page for each of its warps, twice. */
const PART_POSITIONS = 256;

/** Blocks for each multiprocessor that a long context is divided into. */
const BLOCKS_EACH = 8;

/** Elements before the parts' results; of attention-rows.cu. */
const PARTIAL_HEADER = 4;

/**
 * Tiles of rows of one sequence on tensor cores; other rows one by one, in parts of their context where rows are few
 * and the context is long.
 *
 * @throws {KraitError} `HEAD_DIM_UNSUPPORTED` for more than 128 channels, or more than 32 that are no multiple of eight.
 */
export function attention(op: Attention, at: CompileContext): Launch[] {
  const { heads, keyValueHeads, headDim } = op;
  requireHeadDim(headDim);
  const lanes = headDim <= 32 ? 4 : 16;
  const groupHeads = heads === keyValueHeads ? 1 : 5;
  const groups = keyValueHeads * Math.ceil(heads / keyValueHeads / groupHeads);
  const dtype = at.stateDtype(op.keys);
  const partsOf = ({ rows, context }: Pick<Extents, "rows" | "context">): number =>
    Math.max(
      1,
      Math.min(
        Math.ceil(context / PART_POSITIONS),
        Math.floor((BLOCKS_EACH * at.device.multiprocessors) / (groups * rows)),
      ),
    );
  const { rows: mostRows, context } = at.largest;
  const partialRows = Math.max(
    0,
    ...Array.from({ length: mostRows }, (_, i) => i + 1)
      .map((rows) => ({ rows, parts: partsOf({ rows, context }) }))
      .filter(({ parts }) => parts > 1)
      .map(({ rows, parts }) => rows * parts),
  );
  const partial =
    partialRows > 0
      ? workspace("attention.partial", 4 * (PARTIAL_HEADER + partialRows * heads * (headDim + 2)))
      : none;
  const args = [
    at.extent("rows"),
    at.extent("context"),
    at.feed(op.slot),
    at.feed(op.position),
    state(op.pageTable),
    i32(at.stateSize(op.pageTable)),
    state(op.keys),
    state(op.values),
    pointer(op.query),
    at.stride(op.query),
    pointer(op.output),
    at.stride(op.output),
    partial,
    i32(heads),
    i32(keyValueHeads),
    i32(headDim),
    f32(op.scale),
  ];
  const tiles: Launch = {
    module: attentionTilesPtx,
    kernel: `attention_tiles_${dtype}_${lanes}`,
    threads: 128,
    args,
    sharedBytes: 4 * (TILE_ROWS + 2 * PAGE_POSITIONS) * (8 * lanes + 4),
    grid: ({ rows }) => (rows < SHORTEST_TILE ? [0] : [heads, Math.ceil(rows / TILE_ROWS)]),
  };
  const launches = (skipsTiles: boolean): Launch[] => {
    const takesPart = (rows: number): boolean => rows >= SHORTEST_TILE === skipsTiles;
    const single: Launch = {
      module: attentionRowsPtx,
      kernel: `attention_rows_${dtype}_${groupHeads}_${lanes}`,
      threads: 128,
      args: [...args, i32(Number(skipsTiles))],
      grid: (extents) => (takesPart(extents.rows) ? [groups, extents.rows, partsOf(extents)] : [0]),
    };
    if (partialRows === 0) return [single];
    const join: Launch = {
      module: attentionRowsPtx,
      kernel: "attention_join",
      threads: 128,
      args: [
        at.extent("rows"),
        at.feed(op.slot),
        partial,
        pointer(op.output),
        at.stride(op.output),
        i32(heads),
        i32(headDim),
        i32(Number(skipsTiles)),
      ],
      grid: (extents) => (takesPart(extents.rows) && partsOf(extents) > 1 ? [heads, extents.rows] : [0]),
    };
    return [single, join];
  };
  if (mostRows < SHORTEST_TILE) return launches(false);
  return [...launches(false), tiles, ...launches(true)];
}

function requireHeadDim(headDim: number): void {
  if (headDim <= 32 || (headDim <= 128 && headDim % 8 === 0)) return;
  throw new KraitError(
    "HEAD_DIM_UNSUPPORTED",
    `Attention on backend "cuda" has heads of up to 128 channels, a multiple of 8 from 32 on, but this Program has ${headDim}.`,
  );
}
