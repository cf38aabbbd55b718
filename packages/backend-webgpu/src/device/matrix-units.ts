import type { KernelFeatures } from "./kernel-traits.ts";

/** The feature by which Dawn gives matrix units to those who allow what is not a standard yet. */
export const matrixFeature = "chromium-experimental-subgroup-matrix" as GPUFeatureName;

/** One of the products that an adapter's matrix units do: left, [M, K], times right, [K, N]. */
interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** Products of small matrices that a subgroup does at once: linear-matrices.wgsl. */
export interface MatrixUnits {
  /** What is multiplied; sums are f32. */
  readonly component: "f16" | "f32";
  /** Of the left matrix, [rows, columns], and of the right one, [columns, outputs]. */
  readonly rows: number;
  readonly outputs: number;
  readonly columns: number;
  readonly block: Block;
  /** Of the largest subgroup, of which workgroups must be multiples. */
  readonly subgroupLanes: number;
}

/** Columns that a workgroup takes at once. */
export const TILE_COLUMNS = 32;

/** Between rows of a tile, so that they begin in other memory banks, and at multiples of 16 bytes as loads may ask. */
export const paddingOf = { f16: 8, f32: 4 } as const;

/** What a subgroup takes at once, in matrices of which it is a multiple. */
interface Block {
  readonly rows: number;
  readonly outputs: number;
}

/** As much as registers hold; on a processor, which has no such units, what compiles before long. */
const blockOf: Readonly<Record<"f16" | "f32" | "software", Block>> = {
  f16: { rows: 32, outputs: 32 },
  f32: { rows: 16, outputs: 32 },
  software: { rows: 16, outputs: 16 },
};

/** Blocks of a workgroup, each of one subgroup. */
export const BLOCKS_DOWN = 2;
export const BLOCKS_ACROSS = 2;

/**
 * Those of a device that the kernel can use, f16 before f32 and large before small; undefined where it has none.
 *
 * @param adapterInfo - of the adapter, for the device's own does not tell.
 */
export function matrixUnits(
  { features, limits }: GPUDevice,
  adapterInfo: GPUAdapterInfo,
  { subgroups, halves }: Pick<KernelFeatures, "subgroups" | "halves">,
  isSoftware: boolean,
): MatrixUnits | undefined {
  const { subgroupMaxSize: subgroupLanes } = adapterInfo;
  if (!features.has(matrixFeature) || !subgroups || !subgroupLanes) return undefined;
  if (BLOCKS_DOWN * BLOCKS_ACROSS * subgroupLanes > limits.maxComputeInvocationsPerWorkgroup)
    return undefined;
  const { subgroupMatrixConfigs = [] } = adapterInfo as { subgroupMatrixConfigs?: Iterable<MatrixConfig> };
  const all = [...subgroupMatrixConfigs].flatMap((config): MatrixUnits[] => {
    const { componentType: component, resultComponentType, M: rows, N: outputs, K: columns } = config;
    if (component !== "f32" && !(component === "f16" && halves)) return [];
    const block = blockOf[isSoftware ? "software" : component];
    const units: MatrixUnits = { component, rows, outputs, columns, block, subgroupLanes };
    const fits = dividesBlock(units) && workgroupBytes(units) <= limits.maxComputeWorkgroupStorageSize;
    return resultComponentType === "f32" && fits ? [units] : [];
  });
  const size = ({ rows, outputs, columns }: MatrixUnits): number => rows * outputs * columns;
  return all.toSorted((a, b) => a.component.localeCompare(b.component) || size(b) - size(a))[0];
}

function dividesBlock({ rows, outputs, columns, block }: MatrixUnits): boolean {
  return block.rows % rows === 0 && block.outputs % outputs === 0 && TILE_COLUMNS % columns === 0;
}

/** Both tiles, and a matrix of sums of each block. */
function workgroupBytes({ component, rows, outputs, block }: MatrixUnits): number {
  const tileRows = BLOCKS_DOWN * block.rows + BLOCKS_ACROSS * block.outputs;
  const valueBytes = component === "f16" ? 2 : 4;
  const sums = BLOCKS_DOWN * BLOCKS_ACROSS * rows * outputs;
  return valueBytes * tileRows * (TILE_COLUMNS + paddingOf[component]) + 4 * sums;
}
