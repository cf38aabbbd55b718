// The matrix product as it is first written down, one invocation for each number of the result:
//
//   y[r, o] = sum over i of weight[o, i] · x[r, i]

override COLUMNS: u32;
override OUTPUTS: u32;

@group(0) @binding(0) var<storage, read> weight: array<f32>; // [OUTPUTS, COLUMNS]
@group(0) @binding(1) var<storage, read> x: array<f32>; // [rows, COLUMNS]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [rows, OUTPUTS]

/// x counts outputs, y rows.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= OUTPUTS) {
    return;
  }
  var sum = 0.0;
  for (var i = 0u; i < COLUMNS; i++) {
    sum += weight[id.x * COLUMNS + i] * x[id.y * COLUMNS + i];
  }
  y[id.y * OUTPUTS + id.x] = sum;
}
