import type { Linear } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Argument, f32, i32, type Launch, none, pointer, weight, workspace } from "../launch.ts";
import { linearF32Ptx } from "../ptx/linear-f32.ts";
import { linearInputPtx } from "../ptx/linear-input.ts";
import { isInteger, type ScalarFormat, weightLayout } from "../weights/weight-layout.ts";
import { linearModules } from "./linear-modules.ts";
import { FEW_ROWS, outputOf } from "./linear-output.ts";
import { linearTiled } from "./linear-tiled.ts";
import { fusedNorm, normalizedRows, quantizedBytes } from "./norm-fusion.ts";
import { inRange } from "./row-range.ts";

const THREADS = 128;
const WARPS = THREADS / 32;

/** The kernel that suits the number of rows, and before it what brings its input into the form that it reads. */
export function linear(op: Linear, at: CompileContext): Launch[] {
  const { format } = at.weight(op.weight);
  const few = isInteger(format) ? fewRowsOfIntegers(op, at) : fewRows(op, at, format as ScalarFormat);
  return at.largest[at.rows(op.output)] > FEW_ROWS ? [...few, ...manyRows(op, at)] : few;
}

function manyRows(op: Linear, at: CompileContext): Launch[] {
  if (at.weight(op.weight).format !== "f32") return linearTiled(op, at);
  const rows = at.rows(op.output);
  const range = { above: FEW_ROWS, upTo: Number.POSITIVE_INFINITY };
  const { launches, x } = wholeRows(op, at, 4, range);
  return [
    ...launches,
    {
      module: linearF32Ptx,
      kernel: "linear_tiled_f32",
      threads: 256,
      args: [
        at.extent(rows),
        ...x,
        weight(op.weight),
        i32(op.input.columns),
        i32(op.output.columns),
        ...outputOf(op, at),
      ],
      grid: inRange(rows, range, (count) => [Math.ceil(op.output.columns / 64), Math.ceil(count / 64)]),
    },
  ];
}

/** By rows that a warp takes: of the weight, for each number of rows of the input. */
const scalarTiles = [
  { rows: 1, outputs: 2 },
  { rows: 4, outputs: 4 },
  { rows: 8, outputs: 4 },
] as const;

function fewRows(op: Linear, at: CompileContext, format: ScalarFormat): Launch[] {
  const rows = at.rows(op.output);
  const norm = fusedNorm(op, at, "as it is read");
  const { launches, x } = wholeRows(op, at, weightLayout(format, op.input.columns).chunkValues, {
    above: 0,
    upTo: FEW_ROWS,
  });
  const kernels = scalarTiles.map((tile, index): Launch => {
    const product: Launch = {
      module: linearModules[format],
      kernel: `linear_few_rows_${format}_${tile.rows}`,
      threads: THREADS,
      args: [
        at.extent(rows),
        ...x,
        weight(op.weight),
        i32(op.input.columns),
        i32(op.output.columns),
        ...outputOf(op, at),
      ],
      grid: inRange(rows, { above: scalarTiles[index - 1]?.rows ?? 0, upTo: tile.rows }, () => [
        Math.ceil(op.output.columns / (WARPS * tile.outputs)),
      ]),
    };
    if (tile.rows !== 1 || norm === undefined) return product;
    const [extent, , , ...rest] = product.args;
    return {
      ...product,
      kernel: `${product.kernel}_normed`,
      args: [
        extent!,
        pointer(norm.input),
        at.stride(norm.input),
        ...rest,
        weight(norm.weight),
        f32(norm.epsilon),
      ],
    };
  });
  return [...launches, ...kernels];
}

/** Rows of the input that are aligned and end with a chunk: the input itself, or a copy of it. */
function wholeRows(
  op: Linear,
  at: CompileContext,
  chunkValues: number,
  range: { readonly above: number; readonly upTo: number },
): { launches: Launch[]; x: Argument[] } {
  const { columns } = op.input;
  if (at.isAligned(op.input) && columns % chunkValues === 0) {
    return { launches: [], x: [pointer(op.input), at.stride(op.input)] };
  }
  const rows = at.rows(op.output);
  const padded = Math.ceil(columns / chunkValues) * chunkValues;
  const copy = workspace("linear.input", 4 * padded * Math.min(at.largest[rows], range.upTo));
  const pad: Launch = {
    module: linearInputPtx,
    kernel: "pad_rows",
    threads: 256,
    args: [at.extent(rows), pointer(op.input), at.stride(op.input), i32(columns), copy, i32(padded)],
    grid: inRange(rows, range, (count) => [Math.ceil(padded / 256), count]),
  };
  return { launches: [pad], x: [copy, i32(padded)] };
}

/** Threads of a block that a lone row of the input is multiplied by: more, since each block makes bytes of the row. */
const LONE_ROW_THREADS = 256;

function fewRowsOfIntegers(op: Linear, at: CompileContext): Launch[] {
  const rows = at.rows(op.output);
  const format = at.weight(op.weight).format as keyof typeof linearModules;
  const { columns } = op.input;
  const norm = fusedNorm(op, at, "as bytes");
  const isAligned = i32(Number(at.isAligned(op.input)));
  const quantized = norm
    ? normalizedRows(norm, at)
    : workspace("linear.input", quantizedBytes(columns) * Math.min(at.largest[rows], FEW_ROWS));
  const several = { above: 1, upTo: FEW_ROWS };
  const quantize: Launch = {
    module: linearInputPtx,
    kernel: "quantize_rows",
    threads: 256,
    args: [at.extent(rows), pointer(op.input), at.stride(op.input), isAligned, i32(columns), quantized],
    grid: inRange(rows, several, (count) => [count]),
  };
  const product = (tileRows: 1 | 8, threads: number, outputs: number): Launch => ({
    module: linearModules[format],
    kernel: `linear_few_rows_${format}_${tileRows}`,
    threads,
    args: [
      at.extent(rows),
      pointer(op.input),
      at.stride(op.input),
      isAligned,
      tileRows === 1 && norm === undefined ? none : quantized,
      weight(op.weight),
      i32(columns),
      i32(op.output.columns),
      ...outputOf(op, at),
    ],
    ...(tileRows === 1 && norm === undefined && { sharedBytes: quantizedBytes(columns) }),
    grid: inRange(rows, tileRows === 1 ? { above: 0, upTo: 1 } : several, () => [
      Math.ceil(op.output.columns / ((threads / 32) * outputs)),
    ]),
  });
  const lone = product(1, LONE_ROW_THREADS, 4);
  if (at.largest[rows] === 1) return [lone];
  return [lone, ...(norm ? [] : [quantize]), product(8, THREADS, 2)];
}
