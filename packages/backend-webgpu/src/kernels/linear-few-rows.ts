import { normBefore, type Operand } from "@krait/tensor";
import type { KernelTraits } from "../device/kernel-traits.ts";
import { type Binding, type Launch, read, step, vectors } from "../launch.ts";
import { type ProductVariant, rowClassOf } from "../products/product-variant.ts";
import { weightLayout } from "../weights/weight-layout.ts";
import addLanes from "./add-lanes.wgsl";
import addLanesSubgroups from "./add-lanes-subgroups.wgsl";
import addLanesVector from "./add-lanes-vector.wgsl";
import inputQuantized from "./input-quantized.wgsl";
import inputQuantizing from "./input-quantizing.wgsl";
import integerProduct from "./integer-product.wgsl";
import fewRowsSource from "./linear-few-rows.wgsl";
import fewRowsIntegersSource from "./linear-few-rows-integers.wgsl";
import { chunksOf, quantizedInput } from "./linear-input.ts";
import normVector from "./norm-vector.wgsl";
import { inputOf, type Product, tiles } from "./product.ts";
import quantize from "./quantize.wgsl";

type FewRows = "one" | "few";

/** Rows and outputs that a workgroup takes at once. */
interface Tile {
  readonly rows: number;
  readonly outputs: number;
}

const tilesOf: Readonly<Record<FewRows, Tile>> = {
  one: { rows: 1, outputs: 4 },
  few: { rows: 4, outputs: 2 },
};

/** A row is made bytes of by every workgroup that reads it, so that more outputs share it. */
const byteTilesOf: Readonly<Record<FewRows, Tile>> = {
  one: { rows: 1, outputs: 8 },
  few: { rows: 4, outputs: 4 },
};

export function fewRows(product: Product, rows: FewRows): Launch {
  const { op, at } = product;
  const layout = weightLayout(at.weight(op.weight).format, op.input.columns);
  return launchOf(product, rows, tilesOf[rows], (input) => ({
    source: [layout.source, inputOf(input, at).source, normVector, fewRowsSource].join("\n"),
    entryPoint: "linear_few_rows",
    constants: {
      ...layout.constants,
      CHUNKS: Math.ceil(op.input.columns / layout.chunkValues),
      ROW_VECTORS: layout.rowBytes / 16,
      ...inputOf(input, at).constants,
    },
    input: read(input),
  }));
}

/** A lone row is made bytes of as it is read: another dispatch would take longer. */
export function fewRowsOfBytes(product: Product, rows: FewRows): Launch {
  const { op, at } = product;
  const layout = weightLayout(at.weight(op.weight).format, op.input.columns);
  const bytes = layout.bytes!;
  return launchOf(product, rows, byteTilesOf[rows], (input) => ({
    source: [
      `const HAS_OFFSET: bool = ${bytes.hasOffset};`,
      bytes.source,
      quantize,
      ...(rows === "one" ? [inputOf(input, at).source, normVector, inputQuantizing] : [inputQuantized]),
      integerProduct,
      fewRowsIntegersSource,
    ].join("\n"),
    entryPoint: "linear_few_rows_integers",
    constants: {
      ...bytes.constants,
      CHUNKS: chunksOf(op.input.columns),
      ROW_VECTORS: layout.rowBytes / 16,
      ...(rows === "one" ? inputOf(input, at).constants : { COLUMNS: op.input.columns }),
    },
    input: rows === "one" ? read(input) : quantizedInput(op, at, "read"),
  }));
}

function addLanesBy(traits: KernelTraits, variant: ProductVariant): string[] {
  const { features, vectorLanes, productLanes } = traits;
  if (variant === "plain") return [addLanes];
  if (vectorLanes === productLanes) return ["enable subgroups;", addLanesVector];
  return features.subgroups ? ["enable subgroups;", addLanesSubgroups] : [addLanes];
}

interface Kernel extends Pick<Launch, "source" | "entryPoint" | "constants"> {
  readonly input: Binding;
}

/** @param kernelOf - given the product's input, or that of the norm before it, which a lone row is read of. */
function launchOf(
  { op, at, shard, constants, bindings, outputSources }: Product,
  rows: FewRows,
  tile: Tile,
  kernelOf: (input: Operand) => Kernel,
): Launch {
  // A lone row is normalized as it is read; more rows would each be normalized by every workgroup.
  const norm = rows === "one" ? normBefore(op, at.program) : undefined;
  const kernel = kernelOf(norm?.input ?? op.input);
  const extent = at.rows(op.output);
  return {
    source: [
      ...addLanesBy(at.traits, at.variantOf(op.weight, rows)),
      `const TILE_ROWS: u32 = ${tile.rows};`,
      `const TILE_OUTPUTS: u32 = ${tile.outputs};`,
      `const HAS_SQUARES: bool = ${norm !== undefined};`,
      kernel.source,
      ...outputSources,
    ].join("\n"),
    entryPoint: kernel.entryPoint,
    constants: {
      ...constants,
      ...kernel.constants,
      LANES: at.traits.productLanes,
      ...(norm && { EPSILON: norm.epsilon }),
    },
    bindings: [step, kernel.input, ...bindings.slice(2), norm ? vectors(norm.weight) : step],
    workgroups: ({ [extent]: count }) =>
      rowClassOf(count) === rows
        ? tiles(Math.ceil(shard.rows / tile.outputs), Math.ceil(count / tile.rows))
        : [0],
  };
}
