import type { WeightSource } from "../backend.ts";
import { UnsupportedOpError } from "../errors.ts";
import { byteLength, type Format, type TensorSpec } from "../format.ts";
import { WeightLengthError } from "../memory-errors.ts";

/**
 * A weight can be loaded: its format is one of the backend's, and its source has as many bytes as it needs.
 *
 * @throws {UnsupportedOpError} for a format that is not in `weightFormats`.
 * @throws {WeightLengthError} when the source says that it has too few or too many bytes.
 */
export function checkWeight(
  spec: TensorSpec,
  source: WeightSource,
  backend: string,
  weightFormats: readonly Format[],
): void {
  if (!weightFormats.includes(spec.format)) {
    throw new UnsupportedOpError({
      op: "loadWeight",
      backend,
      formats: [spec.format],
      supported: weightFormats,
    });
  }
  const expectedBytes = byteLength(spec);
  if (source.byteLength !== expectedBytes) {
    throw new WeightLengthError(spec, expectedBytes, source.byteLength);
  }
}

/**
 * The pieces of a weight with the byte at which each begins, counted as they come.
 *
 * @throws {WeightLengthError} when there turn out to be too few or too many bytes.
 */
export async function* weightPieces(
  spec: TensorSpec,
  source: WeightSource,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly byteOffset: number; readonly bytes: Uint8Array }, void, undefined> {
  const expectedBytes = byteLength(spec);
  let byteOffset = 0;
  signal?.throwIfAborted();
  for await (const bytes of source.pieces(signal)) {
    signal?.throwIfAborted();
    const end = byteOffset + bytes.byteLength;
    if (end > expectedBytes) throw new WeightLengthError(spec, expectedBytes, end);
    yield { byteOffset, bytes };
    byteOffset = end;
  }
  signal?.throwIfAborted();
  if (byteOffset < expectedBytes) throw new WeightLengthError(spec, expectedBytes, byteOffset);
}
