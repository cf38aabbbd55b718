// The rows of q8_0.wgsl in chunks of 32 values, as bytes, four in a word, and scale · q + 0 for both halves.

const CHUNK_VECTORS: u32 = 8;

override SCALES_AT: u32; // vectors before the scales of a row

fn weight_bytes(row: u32, chunk: u32) -> array<u32, CHUNK_VECTORS> {
  let first = weight[row + 2 * chunk];
  let last = weight[row + 2 * chunk + 1];
  return array<u32, CHUNK_VECTORS>(first.x, first.y, first.z, first.w, last.x, last.y, last.z, last.w);
}

fn weight_scales(row: u32, chunk: u32) -> vec4<f32> {
  let d = unpack2x16float(weight_half(row + SCALES_AT, chunk)).x;
  return vec4(d, 0, d, 0);
}
