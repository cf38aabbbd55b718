// Scales of 6 bits packed into 12 bytes, as ggml's K-quants have them. `at` is the first byte.

/**
 * One of 16 scales, −32 to 31. Bytes 0 to 7 hold the low four bits, scale `sub` of the first eight in low
 * halves and of the second eight in high halves; bytes 8 to 11 hold the high two bits of every fourth.
 */
export function q3Scale(view: DataView, at: number, sub: number): number {
  const low = (view.getUint8(at + (sub & 7)) >>> (sub < 8 ? 0 : 4)) & 15;
  const high = (view.getUint8(at + 8 + (sub & 3)) >>> (2 * (sub >>> 2))) & 3;
  return (low | (high << 4)) - 32;
}

/**
 * One of 8 scales, 0 to 63. The first four are the low six bits of bytes 0 to 3. The others have their low
 * four bits in the low halves of bytes 8 to 11, and their high two in the bits left of bytes 0 to 3.
 */
export function q4Scale(view: DataView, at: number, sub: number): number {
  if (sub < 4) return view.getUint8(at + sub) & 63;
  return (view.getUint8(at + sub + 4) & 15) | ((view.getUint8(at + sub - 4) >>> 6) << 4);
}

/** One of 8 minima, 0 to 63: as the scales, in bytes 4 to 7 and the high halves of bytes 8 to 11. */
export function q4Minimum(view: DataView, at: number, sub: number): number {
  if (sub < 4) return view.getUint8(at + sub + 4) & 63;
  return (view.getUint8(at + sub + 4) >>> 4) | ((view.getUint8(at + sub) >>> 6) << 4);
}

/** Sets one of 16 scales, −32 to 31, in bytes that were zeros. */
export function setQ3Scale(view: DataView, at: number, sub: number, scale: number): void {
  const stored = scale + 32;
  addBits(view, at + (sub & 7), (stored & 15) << (sub < 8 ? 0 : 4));
  addBits(view, at + 8 + (sub & 3), (stored >>> 4) << (2 * (sub >>> 2)));
}

/** Sets one of 8 scales and one of 8 minima, 0 to 63 each, in bytes that were zeros. */
export function setQ4Scale(view: DataView, at: number, sub: number, scale: number, minimum: number): void {
  if (sub < 4) {
    addBits(view, at + sub, scale);
    addBits(view, at + sub + 4, minimum);
    return;
  }
  addBits(view, at + sub + 4, (scale & 15) | ((minimum & 15) << 4));
  addBits(view, at + sub - 4, (scale >>> 4) << 6);
  addBits(view, at + sub, (minimum >>> 4) << 6);
}

export function addBits(view: DataView, at: number, bits: number): void {
  view.setUint8(at, view.getUint8(at) | bits);
}
