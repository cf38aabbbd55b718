import { byteLength, dequantize, type Format, KraitError, quantize, type WeightSource } from "@krait/tensor";
import type { WeightEntry, WeightTransform } from "./architecture.ts";
import type { WeightFormats } from "./checkpoint.ts";

const transforms: Readonly<Record<WeightTransform, (value: number) => number>> = {
  "negative-exponential": (value) => -Math.exp(value),
  "logarithm-of-negative": (value) => Math.log(-value),
};

/** A tensor that has been quantized, and how far from its values it is now. */
export interface QuantizedTensor {
  /** By its name in the checkpoint. */
  readonly tensor: string;
  readonly stored: Format;
  readonly format: Format;
  /** √(Σ (quantized − value)² / Σ value²) */
  readonly relativeError: number;
}

/**
 * A checkpoint's tensor as the Program wants it: decoded piece by piece, each value transformed where the
 * entry says so, quantized, and stored in the device's format. A device that does not multiply by the
 * quantized format gets the values that its blocks stand for, so every device computes the same model. The
 * source itself where nothing changes.
 *
 * @param onQuantized - called after the last piece of a tensor that was quantized.
 * @throws {KraitError} `VALUE_UNQUANTIZABLE`, naming the tensor, while pieces are read.
 */
export function convertWeight(
  source: WeightSource,
  { checkpointName: tensor, shape, transform }: WeightEntry,
  { stored, quantized, device }: WeightFormats,
  onQuantized?: (tensor: QuantizedTensor) => void,
): WeightSource {
  if (stored === quantized && stored === device && transform === undefined) return source;
  return {
    byteLength: byteLength({ shape, format: device }),
    async *pieces(signal) {
      let squaredErrors = 0;
      let squares = 0;
      for await (const piece of source.pieces(signal)) {
        const decoded = dequantize(stored, piece, source.scale);
        const values = transform === undefined ? decoded : decoded.map(transforms[transform]);
        if (quantized === stored) {
          yield quantize(device, values);
          continue;
        }
        const blocks = quantizeTensor(tensor, quantized, values);
        if (device === quantized && onQuantized === undefined) {
          yield blocks;
          continue;
        }
        const after = dequantize(quantized, blocks);
        for (let i = 0; i < values.length; i++) {
          squaredErrors += (after[i]! - values[i]!) ** 2;
          squares += values[i]! ** 2;
        }
        yield device === quantized ? blocks : quantize(device, after);
      }
      if (quantized === stored) return;
      const relativeError = squares === 0 ? 0 : Math.sqrt(squaredErrors / squares);
      onQuantized?.({ tensor, stored, format: quantized, relativeError });
    },
  };
}

function quantizeTensor(tensor: string, format: Format, values: Float32Array): Uint8Array {
  try {
    return quantize(format, values);
  } catch (cause) {
    if (!(cause instanceof KraitError)) throw cause;
    throw new KraitError(cause.code, `Tensor "${tensor}": ${cause.message}`, { cause });
  }
}
