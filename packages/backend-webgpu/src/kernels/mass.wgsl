// Probability mass as integers, so that sums do not depend on their order and lose nothing.
//
// A weight is 36 bits after the point in three limbs of 12, so that up to 2²⁰ of them add up in words
// of 32 bits, limb by limb. Once added, carries are brought up: `whole` counts units of 2⁻¹², `rest`
// the 24 bits below them.

const LIMB_BITS: u32 = 12;
const LIMB: f32 = 4096;

struct Mass {
  whole: u32,
  rest: u32,
}

/// 0 ≤ weight ≤ 1. Every step is exact.
fn limbs_of(weight: f32) -> vec3<u32> {
  let first = floor(weight * LIMB);
  let after_first = (weight * LIMB - first) * LIMB;
  let second = floor(after_first);
  return vec3(u32(first), u32(second), u32(floor((after_first - second) * LIMB)));
}

fn mass_of(limbs: vec3<u32>) -> Mass {
  let second = limbs.y + (limbs.z >> LIMB_BITS);
  return Mass(limbs.x + (second >> LIMB_BITS), ((second & 0xfff) << LIMB_BITS) | (limbs.z & 0xfff));
}

fn sum_of(a: Mass, b: Mass) -> Mass {
  let rest = a.rest + b.rest;
  return Mass(a.whole + b.whole + (rest >> 24), rest & 0xffffff);
}

fn exceeds(a: Mass, b: Mass) -> bool {
  return a.whole > b.whole || (a.whole == b.whole && a.rest > b.rest);
}

/// fraction / 2²⁴ of a mass, rounded down.
fn share_of(a: Mass, fraction: u32) -> Mass {
  let whole = multiply_wide(a.whole, fraction);
  let rest = multiply_wide(a.rest, fraction);
  let below = (whole.y & 0xffffff) + ((rest.x << 8) | (rest.y >> 24));
  return Mass(((whole.x << 8) | (whole.y >> 24)) + (below >> 24), below & 0xffffff);
}
