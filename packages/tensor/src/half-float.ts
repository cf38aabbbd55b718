// Conversions between f32 and the two 16-bit floats.
//
//   f16   1 sign, 5 exponent (bias 15), 10 fraction bits; subnormals, infinities and NaN   IEEE 754-2008
//   bf16  the upper half of an f32: 1 sign, 8 exponent, 7 fraction bits
//
// Widening is exact. Narrowing rounds to nearest, ties to even, and keeps NaN a NaN.

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

export function bf16ToF32(half: number): number {
  bits[0] = half << 16;
  return float[0]!;
}

export function f32ToBf16(value: number): number {
  float[0] = value;
  const b = bits[0]!;
  if ((b & 0x7fffffff) > 0x7f800000) return (b >>> 16) | 0x40;
  return ((b + 0x7fff + ((b >>> 16) & 1)) >>> 16) & 0xffff;
}

export function f16ToF32(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

export function f32ToF16(value: number): number {
  float[0] = value;
  const b = bits[0]!;
  const sign = (b >>> 16) & 0x8000;
  const magnitude = b & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 is the midpoint between the largest f16 and the next power of two: from there on, infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below the smallest normal f16, 2⁻¹⁴, the result counts units of 2⁻²⁴.
  if (magnitude < 0x38800000) return sign | roundHalfToEven(Math.abs(float[0]!) * 2 ** 24);
  return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
}

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** Rounds to the nearest value that `bf16` holds. */
export const roundToBf16 = (value: number): number => bf16ToF32(f32ToBf16(value));

/** Rounds to the nearest value that `f16` holds. */
export const roundToF16 = (value: number): number => f16ToF32(f32ToF16(value));
