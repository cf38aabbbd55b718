// output[i] = input[row[i]], and zeros where row[i] is −1

override ROW: u32; // words of the step: the feed
override COLUMNS: u32;
override INPUT_OFFSET: u32;
override INPUT_STRIDE: u32;
override OUTPUT_OFFSET: u32;
override OUTPUT_STRIDE: u32;

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(1) var<storage, read> input: array<f32>; // [rows, COLUMNS]
@group(0) @binding(2) var<storage, read_write> output: array<f32>; // [output rows, COLUMNS]

/// x counts columns, y output rows.
@compute @workgroup_size(64)
fn gather_rows(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = id.x;
  if (column >= COLUMNS) {
    return;
  }
  let row = step[ROW + id.y];
  var value = 0.0;
  if (row >= 0) {
    value = input[INPUT_OFFSET + u32(row) * INPUT_STRIDE + column];
  }
  output[OUTPUT_OFFSET + id.y * OUTPUT_STRIDE + column] = value;
}
