// q3_k, q6_k: value = d · scale · (q − MIDDLE), with an i8 scale for each 16 values and an f16 d for
// each 256.

override SCALES_AT: u32; // vectors before the scales of a row
override BLOCKS_AT: u32; // vectors before the d of its blocks
override MIDDLE: f32;

fn weight_scales(row: u32, chunk: u32) -> vec4<f32> {
  let d = unpack2x16float(weight_word(row + BLOCKS_AT, chunk / 8)).x;
  let scales = d * vec2<f32>(unpack4xI8(weight_half(row + SCALES_AT, chunk)).xy);
  return vec4(scales.x, -MIDDLE * scales.x, scales.y, -MIDDLE * scales.y);
}
