import {
  byteLength,
  dequantize,
  type Format,
  isDType,
  KraitError,
  quantize,
  type TensorSpec,
  type WeightSource,
} from "@krait/tensor";
import type { WeightEntry } from "./architecture.ts";

const transforms = {
  "negative-exponential": (value: number) => -Math.exp(value),
} as const;

/**
 * A checkpoint's tensor as the Program wants it: converted piece by piece to the Program's format, each
 * value transformed where the entry says so. The source itself where nothing changes.
 *
 * @throws {KraitError} `QUANTIZE_UNSUPPORTED` when the Program's format is a block format other than the stored one.
 */
export function convertWeight(
  source: WeightSource,
  { transform }: WeightEntry,
  stored: Format,
  spec: TensorSpec,
): WeightSource {
  const { format } = spec;
  if (stored === format && transform === undefined) return source;
  if (!isDType(format)) {
    throw new KraitError(
      "QUANTIZE_UNSUPPORTED",
      `A weight stored as ${stored} cannot become ${format}: block formats are read, not written.`,
    );
  }
  return {
    byteLength: byteLength(spec),
    async *pieces(signal) {
      for await (const piece of source.pieces(signal)) {
        const values = dequantize(stored, piece);
        yield quantize(format, transform === undefined ? values : values.map(transforms[transform]));
      }
    },
  };
}
