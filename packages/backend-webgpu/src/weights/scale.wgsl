// q4_0, q5_0: value = d · (q − MIDDLE), with an f16 d for each chunk.

override SCALES_AT: u32; // vectors before the scales of a row
override MIDDLE: f32;

fn weight_scales(row: u32, chunk: u32) -> vec4<f32> {
  let d = unpack2x16float(weight_half(row + SCALES_AT, chunk)).x;
  return vec4(d, -MIDDLE * d, d, -MIDDLE * d);
}
