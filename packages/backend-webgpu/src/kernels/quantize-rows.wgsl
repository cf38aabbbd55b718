// Rows of activations as bytes, for products of several rows: three vectors for each 32 columns, the bytes in
// two, and then the scale and the sums of quantize.wgsl. Columns past the last are zeros.

override ROWS_AT: u32; // words of the step: its rows
override CHUNKS: u32; // of a row

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(2) var<storage, read_write> quantized: array<vec4<u32>>; // [rows, CHUNKS, 3]

/// x counts chunks, y rows.
@compute @workgroup_size(32)
fn quantize_rows(@builtin(global_invocation_id) id: vec3<u32>) {
  let chunk = id.x;
  let row = id.y;
  if (chunk >= CHUNKS || row >= u32(step[ROWS_AT])) {
    return;
  }
  var values: array<vec4<f32>, 8>;
  for (var i = 0u; i < 8; i++) {
    values[i] = input_vector(row, 8 * chunk + i);
  }
  let q = quantize(values);
  let to = 3 * (row * CHUNKS + chunk);
  quantized[to] = vec4(q.bytes[0], q.bytes[1], q.bytes[2], q.bytes[3]);
  quantized[to + 1] = vec4(q.bytes[4], q.bytes[5], q.bytes[6], q.bytes[7]);
  quantized[to + 2] = vec4(bitcast<u32>(q.scale), bitcast<vec2<u32>>(q.sums), 0);
}
