// Rows of activations in f16, for products of many rows. Squared ReLUs leave the range of f16, so that each row
// has a scale, a power of two, of which nothing but the exponent changes:
//
//   s = 2^e > max |x| ≥ s / 2        h = x / s        x ≈ s · h
//
// A row is one vector that holds the scale, and then four columns in each; columns past the last are zeros.

override ROWS_AT: u32; // words of the step: its rows
override CHUNKS: u32; // of a row, 32 columns each

const LANES: u32 = 64;

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(2) var<storage, read_write> halves: array<vec2<u32>>; // [rows, 1 + 8 · CHUNKS]

var<workgroup> largest: array<f32, LANES>;

/// y counts rows.
@compute @workgroup_size(LANES)
fn halve_rows(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = workgroup.y;
  if (row >= u32(step[ROWS_AT])) {
    return;
  }
  var most = vec4(0.0);
  for (var v = lane; v < 8 * CHUNKS; v += LANES) {
    most = max(most, abs(input_vector(row, v)));
  }
  largest[lane] = max(max(most.x, most.y), max(most.z, most.w));
  for (var reach = LANES / 2; reach > 0; reach /= 2) {
    workgroupBarrier();
    if (lane < reach) {
      largest[lane] = max(largest[lane], largest[lane + reach]);
    }
  }
  workgroupBarrier();

  // By their bits, for exp2 need not be exact. Both the scale and its inverse are normal numbers.
  let exponent = clamp(bitcast<u32>(largest[0]) >> 23, 1, 252);
  let scale = bitcast<f32>((exponent + 1) << 23);
  let inverse = bitcast<f32>((253 - exponent) << 23);
  let to = row * (1 + 8 * CHUNKS);
  if (lane == 0) {
    halves[to] = vec2(bitcast<u32>(scale), 0);
  }
  for (var v = lane; v < 8 * CHUNKS; v += LANES) {
    let values = input_vector(row, v) * inverse;
    halves[to + 1 + v] = vec2(pack2x16float(values.xy), pack2x16float(values.zw));
  }
}
