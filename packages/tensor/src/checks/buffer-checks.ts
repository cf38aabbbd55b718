import type { CopyRegion } from "../backend.ts";
import { BindingError } from "../errors.ts";

/** @throws {BindingError} when a region is not inside its buffer. */
export function checkByteRange(
  buffer: { readonly label: string; readonly byteLength: number },
  byteOffset: number,
  byteLength: number,
): void {
  const fits =
    Number.isSafeInteger(byteOffset) &&
    Number.isSafeInteger(byteLength) &&
    byteOffset >= 0 &&
    byteLength >= 0 &&
    byteOffset + byteLength <= buffer.byteLength;
  if (fits) return;
  throw new BindingError(
    `Bytes ${byteOffset} to ${byteOffset + byteLength} are not inside "${buffer.label}" ` +
      `of ${buffer.byteLength} bytes.`,
  );
}

/** @throws {BindingError} when a copy is not of whole words inside its buffers, or overlaps itself. */
export function checkCopy(region: CopyRegion, source: { label: string }, target: { label: string }): void {
  const { sourceOffset, targetOffset, byteLength } = region;
  const what = `A copy of ${byteLength} bytes from ${sourceOffset} of "${source.label}" to ${targetOffset} of "${target.label}"`;
  if (sourceOffset % 4 !== 0 || targetOffset % 4 !== 0 || byteLength % 4 !== 0) {
    throw new BindingError(`${what} is not in multiples of 4 bytes.`);
  }
  if (region.source === region.target && Math.abs(sourceOffset - targetOffset) < byteLength) {
    throw new BindingError(`${what} overlaps itself.`);
  }
  checkByteRange({ label: source.label, byteLength: region.source.byteLength }, sourceOffset, byteLength);
  checkByteRange({ label: target.label, byteLength: region.target.byteLength }, targetOffset, byteLength);
}

/** @throws {BindingError} when a buffer is asked for that no memory could be. */
export function checkAllocation(bytes: number, label: string): void {
  if (Number.isSafeInteger(bytes) && bytes >= 0) return;
  throw new BindingError(`"${label}" needs a whole number of bytes, 0 or more, but asks for ${bytes}.`);
}
