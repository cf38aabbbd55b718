// Numbers whose order is that of floats, −0 being 0: by them logits are compared and sorted in integers,
// which no compiler may treat as if there were no infinities.

const NEGATIVE_INFINITY: u32 = 0xff800000;
const POSITIVE_INFINITY: u32 = 0x7f800000;

fn order_key(bits: u32) -> u32 {
  if (bits == 0x80000000) {
    return 0x80000000;
  }
  return select(bits | 0x80000000, ~bits, bits >= 0x80000000);
}

/// The bits of the float that has this key.
fn key_bits(key: u32) -> u32 {
  return select(~key, key & 0x7fffffff, key >= 0x80000000);
}

fn is_nan(bits: u32) -> bool {
  return (bits & 0x7fffffff) > POSITIVE_INFINITY;
}
