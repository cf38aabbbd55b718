// The first word of Philox4x32-10: a random number that belongs to a key and a counter.
//
// Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", doi:10.1145/2063384.2063405.

/// The 64 bits of a · b: the upper word, then the lower.
fn multiply_wide(a: u32, b: u32) -> vec2<u32> {
  let low = (a & 0xffff) * (b & 0xffff);
  let middle = (a >> 16) * (b & 0xffff) + (low >> 16);
  let cross = (a & 0xffff) * (b >> 16) + (middle & 0xffff);
  return vec2((a >> 16) * (b >> 16) + (middle >> 16) + (cross >> 16), a * b);
}

fn philox(seed: vec2<u32>, position: u32) -> u32 {
  var counter = vec4(position, 0, 0, 0);
  var key = seed;
  for (var round = 0; round < 10; round++) {
    let a = multiply_wide(0xd2511f53, counter.x);
    let b = multiply_wide(0xcd9e8d57, counter.z);
    counter = vec4(b.x ^ counter.y ^ key.x, b.y, a.x ^ counter.w ^ key.y, a.y);
    key += vec2(0x9e3779b9u, 0xbb67ae85u);
  }
  return counter.x;
}
