import { type BlockFormat, type Format, formatLayouts, isDType, type TensorSpec } from "@krait/tensor";
import bf16 from "./bf16.wgsl";
import { blockLayout } from "./block-layout.ts";
import f16 from "./f16.wgsl";
import f32 from "./f32.wgsl";

/** How the rows of a weight of one format and width lie on the device. */
export interface WeightLayout {
  /** `Chunk`, `CHUNK_VECTORS` and `weight_chunk`, by which kernels read a row. */
  readonly source: string;
  readonly constants: Readonly<Record<string, number>>;
  /** A multiple of 16; values past the row's end are zeros. */
  readonly rowBytes: number;
  /** How kernels read 32 values of a row as bytes; formats that are no scaled integers are not read so. */
  readonly bytes?: {
    /** `weight_bytes` and `weight_scales`. */
    readonly source: string;
    readonly constants: Readonly<Record<string, number>>;
    /** Whether values have offsets, and not scales alone. */
    readonly hasOffset: boolean;
  };
  /** Values that `weight_chunk` gives at once. */
  readonly chunkValues: number;
  /** Stored rows, as they lie on the device. */
  readonly pack: (stored: Uint8Array) => Uint8Array;
}

/** The stored formats that matrices may have, the fewest bytes first. */
export const weightFormats: readonly Format[] = [
  "q8_0",
  "q6_k",
  "q5_k",
  "q4_k",
  "q5_1",
  "q5_0",
  "q4_1",
  "q4_0",
  "iq4_nl",
  "mxfp4",
  "q3_k",
  "q2_k",
  "bf16",
  "f16",
  "f32",
];

/** Vectors are read as f32, whatever they are stored in. */
export function isVector({ shape }: TensorSpec): boolean {
  return shape.length < 2;
}

/** @param format - one of {@link weightFormats}. */
export function weightLayout(format: Format, columns: number): WeightLayout {
  if (isDType(format)) return dtypeLayout(format as "f32" | "f16" | "bf16", columns);
  return blockLayout(format as BlockFormat, columns);
}

const dtypeSources = { f32, f16, bf16 } as const;

function dtypeLayout(dtype: "f32" | "f16" | "bf16", columns: number): WeightLayout {
  const { bytesPerBlock: valueBytes } = formatLayouts[dtype];
  const storedRowBytes = columns * valueBytes;
  const rowBytes = Math.ceil(storedRowBytes / 16) * 16;
  return {
    source: dtypeSources[dtype],
    constants: {},
    rowBytes,
    chunkValues: 16 / valueBytes,
    pack(stored) {
      if (storedRowBytes === rowBytes) return stored;
      const rows = stored.byteLength / storedRowBytes;
      const packed = new Uint8Array(rows * rowBytes);
      for (let row = 0; row < rows; row++) {
        packed.set(stored.subarray(row * storedRowBytes, (row + 1) * storedRowBytes), row * rowBytes);
      }
      return packed;
    },
  };
}
