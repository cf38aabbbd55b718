// B and C of a chunked scan, whose rows begin and end anywhere: four numbers of one, zeros past its last.

override B_OFFSET: u32;
override B_STRIDE: u32;
override C_OFFSET: u32;
override C_STRIDE: u32;
override STATE_SIZE: u32;

@group(0) @binding(1) var<storage, read> b: array<f32>; // [rows, groups · N]
@group(0) @binding(2) var<storage, read> c: array<f32>; // [rows, groups · N]

fn b_vector(row: u32, group: u32, vector: u32) -> vec4<f32> {
  let base = B_OFFSET + row * B_STRIDE + group * STATE_SIZE;
  var values: vec4<f32>;
  for (var i = 0u; i < 4 && 4 * vector + i < STATE_SIZE; i++) {
    values[i] = b[base + 4 * vector + i];
  }
  return values;
}

fn c_vector(row: u32, group: u32, vector: u32) -> vec4<f32> {
  let base = C_OFFSET + row * C_STRIDE + group * STATE_SIZE;
  var values: vec4<f32>;
  for (var i = 0u; i < 4 && 4 * vector + i < STATE_SIZE; i++) {
    values[i] = c[base + 4 * vector + i];
  }
  return values;
}
