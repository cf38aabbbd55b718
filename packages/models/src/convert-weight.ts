import {
  byteLength,
  dequantize,
  type Format,
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
 */
export function convertWeight(
  source: WeightSource,
  { transform }: WeightEntry,
  stored: Format,
  spec: TensorSpec,
): WeightSource {
  if (stored === spec.format && transform === undefined) return source;
  return {
    byteLength: byteLength(spec),
    async *pieces(signal) {
      for await (const piece of source.pieces(signal)) {
        const values = dequantize(stored, piece);
        yield quantize(spec.format, transform === undefined ? values : values.map(transforms[transform]));
      }
    },
  };
}
