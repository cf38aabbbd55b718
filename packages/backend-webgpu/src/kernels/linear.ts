import { type Linear, normBefore, type Operand } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Binding, type Launch, read, step, vectors, type Workgroups, write } from "../launch.ts";
import { type Shard, shardsOf } from "../weight.ts";
import { weightLayout } from "../weights/weight-layout.ts";
import { activationNumber } from "./activation.ts";
import activation from "./activation.wgsl";
import addLanes from "./add-lanes.wgsl";
import addLanesSubgroups from "./add-lanes-subgroups.wgsl";
import inputScalars from "./input-scalars.wgsl";
import inputVectors from "./input-vectors.wgsl";
import fewRows from "./linear-few-rows.wgsl";
import outputSource from "./linear-output.wgsl";
import tiled from "./linear-tiled.wgsl";

/** Up to so many rows the weight's bytes count for more than arithmetic. */
const FEW_ROWS = 8;

/** Rows and outputs that few-rows kernels take at once. */
const TILES = [
  { rows: 1, outputs: 4 },
  { rows: 4, outputs: 2 },
] as const;

/** Dimensions of a dispatch end at 65,535 workgroups. */
const MOST_WORKGROUPS = 65_535;

/** One dispatch for each buffer of the weight, of the kernel that suits the number of rows. */
export function linear(op: Linear, at: CompileContext): Launch[] {
  const spec = at.weight(op.weight);
  return shardsOf(spec, at.maxBufferBytes).flatMap((shard, index) => launchesOf(op, at, shard, index));
}

function launchesOf(op: Linear, at: CompileContext, shard: Shard, index: number): Launch[] {
  const spec = at.weight(op.weight);
  const layout = weightLayout(spec.format, op.input.columns);
  const rows = at.rows(op.output);
  const constants = {
    ...layout.constants,
    ROWS_AT: at.layout.extent(rows),
    COLUMNS: op.input.columns,
    CHUNKS: Math.ceil(op.input.columns / layout.chunkValues),
    ROW_VECTORS: layout.rowBytes / 16,
    FIRST_OUTPUT: shard.firstRow,
    OUTPUTS: shard.rows,
    ACTIVATION: activationNumber(op.activation),
    HAS_BIAS: Number(op.bias !== undefined),
    HAS_RESIDUAL: Number(op.residual !== undefined),
    ...at.view("X", op.input),
    ...at.view("Y", op.output),
    ...(op.residual && at.view("RESIDUAL", op.residual)),
  };
  const bindings: Binding[] = [
    step,
    read(op.input),
    { kind: "weight", weight: op.weight.weight, shard: index },
    op.bias ? vectors(op.bias) : step,
    op.residual ? read(op.residual) : step,
    write(op.output),
  ];
  const inputOf = (operand: Operand) => (at.isAligned(operand) ? inputVectors : inputScalars);
  const parts = (operand: Operand) => [layout.source, inputOf(operand), activation, outputSource];
  const few = TILES.map((tile): Launch => {
    // A lone row is normalized as it is read; more rows would each be normalized by every workgroup.
    const norm = tile.rows === 1 ? normBefore(op, at.program) : undefined;
    return {
      source: [
        ...(at.traits.features.subgroups ? ["enable subgroups;", addLanesSubgroups] : [addLanes]),
        `const TILE_ROWS: u32 = ${tile.rows};`,
        `const TILE_OUTPUTS: u32 = ${tile.outputs};`,
        `const HAS_SQUARES: bool = ${norm !== undefined};`,
        ...parts(norm?.input ?? op.input),
        fewRows,
      ].join("\n"),
      entryPoint: "linear_few_rows",
      constants: norm
        ? {
            ...constants,
            LANES: at.traits.productLanes,
            ...at.view("X", norm.input),
            EPSILON: norm.epsilon,
          }
        : { ...constants, LANES: at.traits.productLanes },
      bindings: norm
        ? [step, read(norm.input), ...bindings.slice(2), vectors(norm.weight)]
        : [...bindings, step],
      workgroups: ({ [rows]: count }) =>
        (count === 1) === (tile.rows === 1) && count <= FEW_ROWS
          ? tiles(Math.ceil(shard.rows / tile.outputs), Math.ceil(count / tile.rows))
          : [0],
    };
  });
  const { productTile: tile } = at.traits;
  const many: Launch = {
    source: [
      `const TILE_ROWS: u32 = ${tile.rows};`,
      `const LANE_ROWS: u32 = ${tile.laneRows};`,
      ...parts(op.input),
      tiled,
    ].join("\n"),
    entryPoint: "linear_tiled",
    constants,
    bindings,
    workgroups: ({ [rows]: count }) =>
      count <= FEW_ROWS ? [0] : tiles(Math.ceil(shard.rows / 64), Math.ceil(count / tile.rows)),
  };
  return at.largest[rows] > FEW_ROWS ? [...few, many] : few;
}

/** Tiles of outputs in x, and in z what does not fit there; tiles of rows in y. */
function tiles(outputTiles: number, rowTiles: number): Workgroups {
  const z = Math.ceil(outputTiles / MOST_WORKGROUPS);
  return [Math.ceil(outputTiles / z), rowTiles, z];
}
