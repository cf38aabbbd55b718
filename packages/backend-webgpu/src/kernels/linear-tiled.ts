import type { KernelTraits } from "../device/kernel-traits.ts";
import { type Launch, step } from "../launch.ts";
import { rowClassOf } from "../products/product-variant.ts";
import { weightLayout } from "../weights/weight-layout.ts";
import inputQuantized from "./input-quantized.wgsl";
import integerProduct from "./integer-product.wgsl";
import { chunksOf, halvedInput, quantizedInput } from "./linear-input.ts";
import tiledSource from "./linear-tiled.wgsl";
import tiledIntegersSource from "./linear-tiled-integers.wgsl";
import { inputOf, type Product, tiles } from "./product.ts";
import quantize from "./quantize.wgsl";
import tileF16 from "./tile-f16.wgsl";
import tileF32 from "./tile-f32.wgsl";

/** Outputs that a workgroup takes. */
const TILE_OUTPUTS = 64;

export function tiled(product: Product): Launch {
  const { op, at, bindings } = product;
  const layout = weightLayout(at.weight(op.weight).format, op.input.columns);
  const input = inputOf(op.input, at);
  return launchOf(product, at.traits.productTile, {
    source: [layout.source, input.source, tileF32, tiledSource].join("\n"),
    entryPoint: "linear_tiled",
    constants: { ...weightConstants(product), ...input.constants },
    bindings,
  });
}

export function tiledOfHalves(product: Product): Launch {
  const { op, at, bindings } = product;
  const layout = weightLayout(at.weight(op.weight).format, op.input.columns);
  return launchOf(product, at.traits.narrowTile, {
    source: ["enable f16;", layout.source, tileF16, tiledSource].join("\n"),
    entryPoint: "linear_tiled",
    constants: { ...weightConstants(product), INPUT_CHUNKS: chunksOf(op.input.columns) },
    bindings: [step, halvedInput(op, at, "read"), ...bindings.slice(2)],
  });
}

function weightConstants({ op, at }: Product): Launch["constants"] {
  const layout = weightLayout(at.weight(op.weight).format, op.input.columns);
  return {
    ...layout.constants,
    CHUNKS: Math.ceil(op.input.columns / layout.chunkValues),
    ROW_VECTORS: layout.rowBytes / 16,
  };
}

export function tiledOfBytes(product: Product): Launch {
  const { op, at, bindings } = product;
  const layout = weightLayout(at.weight(op.weight).format, op.input.columns);
  const bytes = layout.bytes!;
  return launchOf(product, at.traits.narrowTile, {
    source: [
      `const HAS_OFFSET: bool = ${bytes.hasOffset};`,
      bytes.source,
      quantize,
      inputQuantized,
      integerProduct,
      tiledIntegersSource,
    ].join("\n"),
    entryPoint: "linear_tiled_integers",
    constants: {
      ...bytes.constants,
      COLUMNS: op.input.columns,
      CHUNKS: chunksOf(op.input.columns),
      ROW_VECTORS: layout.rowBytes / 16,
    },
    bindings: [step, quantizedInput(op, at, "read"), ...bindings.slice(2)],
  });
}

function launchOf(
  { op, at, shard, constants, outputSources }: Product,
  tile: KernelTraits["productTile"],
  kernel: Omit<Launch, "workgroups">,
): Launch {
  const rows = at.rows(op.output);
  return {
    ...kernel,
    source: [
      kernel.source,
      `const TILE_ROWS: u32 = ${tile.rows};`,
      `const LANE_ROWS: u32 = ${tile.laneRows};`,
      ...outputSources,
    ].join("\n"),
    constants: { ...constants, ...kernel.constants },
    workgroups: ({ [rows]: count }) =>
      rowClassOf(count) === "many"
        ? tiles(Math.ceil(shard.rows / TILE_OUTPUTS), Math.ceil(count / tile.rows))
        : [0],
  };
}
