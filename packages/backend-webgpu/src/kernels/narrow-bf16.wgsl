// f32 to bf16, to nearest with ties to even.

fn narrow(number: f32) -> u32 {
  let bits = bitcast<u32>(number);
  if ((bits & 0x7fffffff) > 0x7f800000) {
    return (bits >> 16) | 0x40; // not a number
  }
  return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}
