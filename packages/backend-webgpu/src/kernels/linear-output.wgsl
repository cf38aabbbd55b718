// What follows a product, for one of its sums:
//
//   y[r, o] = activation(sum + bias[o]) + residual[r, o]

override HAS_BIAS: bool;
override HAS_RESIDUAL: bool;
override RESIDUAL_OFFSET: u32 = 0;
override RESIDUAL_STRIDE: u32 = 0;
override Y_OFFSET: u32;
override Y_STRIDE: u32;
override FIRST_OUTPUT: u32; // of those that this dispatch's part of the weight gives
override OUTPUTS: u32; // how many it gives

@group(0) @binding(3) var<storage, read> bias: array<f32>; // [outputs]
@group(0) @binding(4) var<storage, read> residual: array<f32>; // [rows, outputs]
@group(0) @binding(5) var<storage, read_write> y: array<f32>; // [rows, outputs]

fn store_output(row: u32, output: u32, sum: f32) {
  let column = FIRST_OUTPUT + output;
  var value = sum;
  if (HAS_BIAS) {
    value += bias[column];
  }
  value = activate(value);
  if (HAS_RESIDUAL) {
    value += residual[RESIDUAL_OFFSET + row * RESIDUAL_STRIDE + column];
  }
  y[Y_OFFSET + row * Y_STRIDE + column] = value;
}
