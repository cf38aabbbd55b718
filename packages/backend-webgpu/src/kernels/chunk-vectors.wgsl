// B and C of a chunked scan, whose rows are whole vectors of four.

override B_OFFSET: u32;
override B_STRIDE: u32;
override C_OFFSET: u32;
override C_STRIDE: u32;
override STATE_SIZE: u32;

@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>; // [rows, groups · N]
@group(0) @binding(2) var<storage, read> c: array<vec4<f32>>; // [rows, groups · N]

fn b_vector(row: u32, group: u32, vector: u32) -> vec4<f32> {
  return b[(B_OFFSET + row * B_STRIDE + group * STATE_SIZE) / 4 + vector];
}

fn c_vector(row: u32, group: u32, vector: u32) -> vec4<f32> {
  return c[(C_OFFSET + row * C_STRIDE + group * STATE_SIZE) / 4 + vector];
}
