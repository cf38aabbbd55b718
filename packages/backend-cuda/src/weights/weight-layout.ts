import { type Format, formatLayouts, type TensorSpec } from "@krait/tensor";

/** How the rows of a weight of one format and width lie on the device. */
export interface WeightLayout {
  /** A multiple of 16; what is past a row's end is zeros. */
  readonly rowBytes: number;
  /** Values that a kernel decodes at once: `VALUES` of its struct in `kernels/formats.cuh`. */
  readonly chunkValues: number;
  /** Stored rows, as they lie on the device. */
  readonly pack: (stored: Uint8Array) => Uint8Array;
}

/** The stored formats that matrices may have, best first. */
export const weightFormats: readonly Format[] = ["bf16", "f16", "f32"];

/** Vectors are read as f32, whatever they are stored in. */
export function isVector({ shape }: TensorSpec): boolean {
  return shape.length < 2;
}

/** @param format - one of {@link weightFormats}. */
export function weightLayout(format: Format, columns: number): WeightLayout {
  const storedRowBytes = columns * formatLayouts[format].bytesPerBlock;
  const rowBytes = Math.ceil(storedRowBytes / 16) * 16;
  return {
    rowBytes,
    chunkValues: 16 / formatLayouts[format].bytesPerBlock,
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
