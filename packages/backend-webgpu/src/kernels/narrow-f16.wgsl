// f32 to f16, to nearest with ties to even; the built-in conversion may round in any direction.

/// Halves, to even, the integer part of what is shifted out.
fn round_shift(value: u32, shift: u32) -> u32 {
  let lowest = (value >> shift) & 1;
  return (value + ((1u << (shift - 1)) - 1 + lowest)) >> shift;
}

fn narrow(number: f32) -> u32 {
  let bits = bitcast<u32>(number);
  let sign = (bits >> 16) & 0x8000;
  let magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) {
    return sign | 0x7e00; // not a number
  }
  if (magnitude >= 0x477ff000) {
    return sign | 0x7c00; // beyond the midpoint between the largest f16 and the next power of two
  }
  if (magnitude < 0x38800000) {
    // Below 2⁻¹⁴ the result counts units of 2⁻²⁴.
    let exponent = magnitude >> 23;
    if (exponent < 102) {
      return sign;
    }
    return sign | round_shift((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
  }
  return sign | round_shift(magnitude - 0x38000000, 13);
}
