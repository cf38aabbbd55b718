// q2_k: value = d · scale · q − m · minimum, with a u8 scale and minimum for each 16 values, and d and
// m in f16 for each 256.

override SCALES_AT: u32; // vectors before the scales of a row
override BLOCKS_AT: u32; // vectors before the d and m of its blocks

fn weight_scales(row: u32, chunk: u32) -> vec4<f32> {
  let block = unpack2x16float(weight_word(row + BLOCKS_AT, chunk / 8));
  let pairs = vec4(block, block) * vec4<f32>(unpack4xU8(weight_word(row + SCALES_AT, chunk)));
  return vec4(pairs.x, -pairs.y, pairs.z, -pairs.w);
}
