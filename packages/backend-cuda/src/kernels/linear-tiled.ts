import type { Linear } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { i32, type Launch, none, pointer, weight, workspace } from "../launch.ts";
import { linearInputPtx } from "../ptx/linear-input.ts";
import { linearJoinPtx } from "../ptx/linear-join.ts";
import { linearModules } from "./linear-modules.ts";
import { FEW_ROWS, outputOf } from "./linear-output.ts";
import { inRange, type RowRange } from "./row-range.ts";

/** Of weight-tile.cuh. */
const TILE_OUTPUTS = 128;
const TILE_DEPTH = 32;
const TILE_STRIDE = TILE_DEPTH + 8;
const THREADS = 256;

/** Counts of rows, and the rows of a tile that suits them. Only in the last are there blocks enough in any case. */
const ranges = [
  { above: FEW_ROWS, upTo: 64, tileRows: 32 },
  { above: 64, upTo: 256, tileRows: 128 },
  { above: 256, upTo: Number.POSITIVE_INFINITY, tileRows: 128 },
] as const;

/** The input as 16-bit terms, the product on tensor cores, and the sum of its parts where columns are divided. */
export function linearTiled(op: Linear, at: CompileContext): Launch[] {
  const { format } = at.weight(op.weight);
  const rows = at.rows(op.output);
  const largest = at.largest[rows];
  const { columns } = op.input;
  const outputs = op.output.columns;
  const value = format === "bf16" ? "bf16" : "f16";
  const terms = format === "bf16" || format === "f16" ? 2 : 1;
  const packedColumns = Math.ceil(columns / TILE_DEPTH) * TILE_DEPTH;
  const packed = workspace("linear.input", 2 * terms * largest * packedColumns);
  const rowScale = value === "f16" ? workspace("linear.scale", 4 * largest) : none;
  const pack: Launch = {
    module: linearInputPtx,
    kernel: `pack_rows_${value}_${terms}`,
    threads: 256,
    args: [
      at.extent(rows),
      pointer(op.input),
      at.stride(op.input),
      i32(columns),
      packed,
      i32(packedColumns),
      i32(largest),
      rowScale,
    ],
    grid: inRange(rows, { above: FEW_ROWS, upTo: Number.POSITIVE_INFINITY }, (count) => [count]),
  };
  const products = ranges.flatMap(({ tileRows, ...range }): Launch[] => {
    if (largest <= range.above) return [];
    const parts = partsOf(op, at, range, tileRows);
    const mostRows = Math.min(largest, range.upTo);
    const partial = parts > 1 ? workspace("linear.partial", 4 * parts * mostRows * outputs) : none;
    const product: Launch = {
      module: linearModules[format as keyof typeof linearModules],
      kernel: `linear_tiled_${format}_${terms}_${tileRows}`,
      threads: THREADS,
      args: [
        at.extent(rows),
        packed,
        i32(packedColumns),
        i32(largest),
        rowScale,
        weight(op.weight),
        i32(columns),
        i32(outputs),
        partial,
        ...outputOf(op, at),
      ],
      sharedBytes: Math.max(
        2 * 2 * (TILE_OUTPUTS + terms * tileRows) * TILE_STRIDE,
        4 * tileRows * (TILE_OUTPUTS + 4),
      ),
      grid: inRange(rows, range, (count) => [
        Math.ceil(count / tileRows),
        Math.ceil(outputs / TILE_OUTPUTS),
        parts,
      ]),
    };
    if (parts === 1) return [product];
    const join: Launch = {
      module: linearJoinPtx,
      kernel: "linear_join",
      threads: 256,
      args: [at.extent(rows), partial, i32(parts), i32(outputs), ...outputOf(op, at)],
      grid: inRange(rows, range, (count) => [Math.ceil(outputs / 256), count]),
    };
    return [product, join];
  });
  return [pack, ...products];
}

/** How many parts of the columns make blocks enough for the device, eight steps or more in each. */
function partsOf(op: Linear, at: CompileContext, { above, upTo }: RowRange, tileRows: number): number {
  if (upTo === Number.POSITIVE_INFINITY) return 1;
  const tiles = Math.ceil(op.output.columns / TILE_OUTPUTS) * Math.ceil((above + 1) / tileRows);
  const steps = Math.ceil(op.input.columns / TILE_DEPTH);
  return Math.max(1, Math.min(Math.ceil(at.device.multiprocessors / tiles), Math.floor(steps / 8), 8));
}
