// As linear-few-rows.wgsl, by products of bytes: `weight_bytes` and `weight_scales` give 32 values of a row of
// the weight, `quantized_chunk` 32 activations.

override ROWS_AT: u32; // words of the step: its rows
override ROW_VECTORS: u32;
override LANES: u32;
override EPSILON: f32 = 0;

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<u32>>; // [OUTPUTS, ROW_VECTORS]

const PRODUCTS: u32 = TILE_ROWS * TILE_OUTPUTS;
const SQUARES: u32 = select(0, PRODUCTS, HAS_SQUARES); // where those of a normalized row stand, behind the products
const SUMS: u32 = PRODUCTS + select(0, 1, HAS_SQUARES);

/// x and z count tiles of outputs, y tiles of rows.
@compute @workgroup_size(LANES)
fn linear_few_rows_integers(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  lane: Lane,
) {
  let rows = u32(step[ROWS_AT]);
  let first_row = workgroup.y * TILE_ROWS;
  let first_output = (workgroup.x + workgroup.z * workgroups.x) * TILE_OUTPUTS;
  if (first_output >= OUTPUTS) {
    return;
  }

  var sums: array<f32, SUMS>;
  for (var chunk = lane.index; chunk < CHUNKS; chunk += LANES) {
    // Rows and outputs past the last are computed as the last, and not stored.
    var inputs: array<Quantized, TILE_ROWS>;
    for (var r = 0u; r < TILE_ROWS; r++) {
      inputs[r] = quantized_chunk(min(first_row + r, rows - 1), chunk);
    }
    for (var o = 0u; o < TILE_OUTPUTS; o++) {
      let weight_row = min(first_output + o, OUTPUTS - 1) * ROW_VECTORS;
      let bytes = weight_bytes(weight_row, chunk);
      let scales = weight_scales(weight_row, chunk);
      for (var r = 0u; r < TILE_ROWS; r++) {
        var halves = vec2(0i);
        for (var i = 0u; i < 4; i++) {
          halves.x += dot4I8Packed(bytes[i], inputs[r].bytes[i]);
          halves.y += dot4I8Packed(bytes[i + 4], inputs[r].bytes[i + 4]);
        }
        sums[r * TILE_OUTPUTS + o] += scaled_product(
          vec2<f32>(halves),
          scales,
          inputs[r].scale,
          vec2<f32>(inputs[r].sums),
        );
      }
    }
  }
  if (HAS_SQUARES) {
    sums[SQUARES] = squares;
  }

  add_lanes(lane, sums);
  for (var i = lane.index; i < PRODUCTS; i += LANES) {
    let row = first_row + i / TILE_OUTPUTS;
    let output = first_output + i % TILE_OUTPUTS;
    if (row < rows && output < OUTPUTS) {
      var sum = total(lane, i);
      if (HAS_SQUARES) {
        sum /= sqrt(total(lane, SQUARES) / f32(COLUMNS) + EPSILON);
      }
      store_output(row, output, sum);
    }
  }
}
