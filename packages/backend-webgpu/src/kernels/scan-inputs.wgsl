// Inputs of a scan that a convolution has left.

override X_OFFSET: u32;
override X_STRIDE: u32;
override B_OFFSET: u32;
override B_STRIDE: u32;
override C_OFFSET: u32;
override C_STRIDE: u32;

@group(0) @binding(1) var<storage, read> x: array<f32>; // [rows, heads · P]
@group(0) @binding(2) var<storage, read> b: array<f32>; // [rows, groups · N]
@group(0) @binding(3) var<storage, read> c: array<f32>; // [rows, groups · N]

fn x_at(row: u32, slot: i32, channel: u32) -> f32 {
  return x[X_OFFSET + row * X_STRIDE + channel];
}

fn b_at(row: u32, slot: i32, channel: u32) -> f32 {
  return b[B_OFFSET + row * B_STRIDE + channel];
}

fn c_at(row: u32, slot: i32, channel: u32) -> f32 {
  return c[C_OFFSET + row * C_STRIDE + channel];
}
