import {
  type BlockFormat,
  blockPlanes,
  type DType,
  type Format,
  formatLayouts,
  isDType,
  type TensorSpec,
} from "@krait/tensor";

/** How the rows of a weight of one format and width lie on the device. */
export interface WeightLayout {
  /** A multiple of 16; what is past a row's end is zeros. */
  readonly rowBytes: number;
  /** Values that a kernel decodes at once: `VALUES` of the format's struct. */
  readonly chunkValues: number;
  /** Stored rows, as they lie on the device. */
  readonly pack: (stored: Uint8Array) => Uint8Array;
}

/** Stored as integers of blocks, which kernels multiply by activations of eight bits where rows are few. */
export type IntegerFormat = BlockFormat | "nvfp4";

/** Every value by itself. */
export type ScalarFormat = Exclude<Format, IntegerFormat | "i32" | "u32">;

/** The stored formats that matrices may have, best first. */
export const weightFormats: readonly Format[] = [
  "bf16",
  "f16",
  "fp8_e4m3",
  "q8_0",
  "q6_k",
  "q5_k",
  "q4_k",
  "nvfp4",
  "q5_1",
  "q5_0",
  "q4_1",
  "q4_0",
  "iq4_nl",
  "mxfp4",
  "q3_k",
  "q2_k",
  "f32",
];

/** @param format - one of {@link weightFormats}. */
export function isInteger(format: Format): format is IntegerFormat {
  return !isDType(format) && format !== "fp8_e4m3";
}

/** Vectors are read as f32, whatever they are stored in. */
export function isVector({ shape }: TensorSpec): boolean {
  return shape.length < 2;
}

/** @param format - one of {@link weightFormats}. */
export function weightLayout(format: Format, columns: number): WeightLayout {
  if (isInteger(format)) {
    const { rowBytes, pack } = blockPlanes(format, columns);
    return { rowBytes, chunkValues: 32, pack };
  }
  return scalarLayout(format, columns);
}

function scalarLayout(format: DType | "fp8_e4m3", columns: number): WeightLayout {
  const { bytesPerBlock: valueBytes } = formatLayouts[format];
  const storedRowBytes = columns * valueBytes;
  const rowBytes = Math.ceil(storedRowBytes / 16) * 16;
  return {
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
