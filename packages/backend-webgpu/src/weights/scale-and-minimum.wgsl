// q4_1, q5_1: value = d · q + m, with d and m in f16 for each chunk.

override SCALES_AT: u32; // vectors before the scales of a row

fn weight_scales(row: u32, chunk: u32) -> vec4<f32> {
  let pair = unpack2x16float(weight_word(row + SCALES_AT, chunk));
  return vec4(pair, pair);
}
