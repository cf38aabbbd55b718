import { storedFormats } from "@krait/cpu-kernels";
import { byteLength, elementCount, type Format, isDType, type TensorSpec } from "@krait/tensor";
import type { KernelModule } from "./kernel-module.ts";

/** The stored formats that weights may have, the fewest bytes first. */
export const weightFormats: readonly Format[] = [
  "q2_k",
  "q3_k",
  "mxfp4",
  "q4_0",
  "q4_k",
  "iq4_nl",
  "q4_1",
  "q5_0",
  "q5_k",
  "q5_1",
  "q6_k",
  "q8_0",
  "bf16",
  "f16",
  "f32",
];

const TILE_ROWS = 8;
const TILE_COLUMNS = 32;

/** A weight as a matrix, and what it takes as the kernels hold it: numbers as they are, blocks in tiles. */
export interface Held {
  /** `Format` in the kernels. */
  readonly format: number;
  readonly rows: number;
  readonly columns: number;
  /** Bytes of a row in its file. */
  readonly rowBytes: number;
  /** A part of a weight begins with a multiple of so many rows. */
  readonly rowsTogether: number;
  /** Bytes of so many rows. */
  bytes(rows: number): number;
}

export function heldAs(spec: TensorSpec, { tileBytes }: Pick<KernelModule, "tileBytes">): Held {
  const columns = spec.shape.at(-1) ?? 1;
  const rows = elementCount(spec.shape.slice(0, -1));
  const format = storedFormats.indexOf(spec.format);
  const rowBytes = byteLength(spec) / rows;
  const matrix = { format, rows, columns, rowBytes };
  if (isDType(spec.format)) return { ...matrix, rowsTogether: 1, bytes: (count) => count * rowBytes };
  const tileRowBytes = (columns / TILE_COLUMNS) * tileBytes(format);
  return {
    ...matrix,
    rowsTogether: TILE_ROWS,
    bytes: (count) => Math.ceil(count / TILE_ROWS) * tileRowBytes,
  };
}
