import {
  BLOCKS_ACROSS,
  BLOCKS_DOWN,
  type MatrixUnits,
  paddingOf,
  TILE_COLUMNS,
} from "../device/matrix-units.ts";
import { type Launch, read, step } from "../launch.ts";
import { rowClassOf } from "../products/product-variant.ts";
import { weightLayout } from "../weights/weight-layout.ts";
import { chunksOf, halvedInput } from "./linear-input.ts";
import matricesSource from "./linear-matrices.wgsl";
import { inputOf, type Product, tiles } from "./product.ts";
import tileF16 from "./tile-f16.wgsl";
import tileF32 from "./tile-f32.wgsl";

export function byMatrices(product: Product): Launch {
  const { op, at, shard, constants, bindings, outputSources } = product;
  const units = at.traits.features.matrices!;
  const isHalves = units.component === "f16";
  const layout = weightLayout(at.weight(op.weight).format, op.input.columns);
  const input = inputOf(op.input, at);
  const { block } = units;
  const rows = at.rows(op.output);
  return {
    source: [
      ...(isHalves ? ["enable f16;"] : []),
      "enable subgroups;",
      "enable chromium_experimental_subgroup_matrix;",
      ...sizesOf(units),
      layout.source,
      ...(isHalves ? [tileF16] : [input.source, tileF32]),
      matricesSource,
      ...outputSources,
    ].join("\n"),
    entryPoint: "linear_matrices",
    constants: {
      ...constants,
      ...layout.constants,
      CHUNKS: Math.ceil(op.input.columns / layout.chunkValues),
      ROW_VECTORS: layout.rowBytes / 16,
      ...(isHalves ? { INPUT_CHUNKS: chunksOf(op.input.columns) } : input.constants),
    },
    bindings: [step, isHalves ? halvedInput(op, at, "read") : read(op.input), ...bindings.slice(2)],
    workgroups: ({ [rows]: count }) =>
      rowClassOf(count) === "many"
        ? tiles(
            Math.ceil(shard.rows / (BLOCKS_ACROSS * block.outputs)),
            Math.ceil(count / (BLOCKS_DOWN * block.rows)),
          )
        : [0],
  };
}

/** Types are made of constants, and not of what a pipeline overrides. */
function sizesOf({ component, rows, outputs, columns, block, subgroupLanes }: MatrixUnits): string[] {
  const sizes = {
    LANES: BLOCKS_DOWN * BLOCKS_ACROSS * subgroupLanes,
    MATRIX_ROWS: rows,
    MATRIX_OUTPUTS: outputs,
    MATRIX_COLUMNS: columns,
    BLOCKS_DOWN,
    BLOCKS_ACROSS,
    BLOCK_ROWS: block.rows,
    BLOCK_OUTPUTS: block.outputs,
    TILE_COLUMNS,
    PADDING: paddingOf[component],
  };
  const constants = Object.entries(sizes).map(([name, size]) => `const ${name}: u32 = ${size};`);
  return [`alias Component = ${component};`, ...constants];
}
