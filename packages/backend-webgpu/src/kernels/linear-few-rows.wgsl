// A matrix product for few rows, where the weight's bytes are all that counts.
//
//   y[r, o] = activation(sum over i of weight[o, i] · x[r, i] + bias[o]) + residual[r, o]
//
// A workgroup takes TILE_OUTPUTS rows of the weight against TILE_ROWS rows of x. Its lanes stride
// through the columns a chunk at a time: neighbours read neighbouring bytes of the weight, and each
// chunk of x is used for all outputs. `add_lanes` adds up the lanes' sums.
//
// Where x comes out of a root-mean-square norm, the norm's own input can take its place: its weight is
// multiplied in as x is read, its squares are added up on the way, and the sums are scaled at the end.

override ROWS_AT: u32; // words of the step: its rows
override CHUNKS: u32; // of a row of the weight
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
fn linear_few_rows(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  lane: Lane,
) {
  let rows = u32(step[ROWS_AT]);
  let first_row = workgroup.y * TILE_ROWS;
  let first_output = (workgroup.x + workgroup.z * workgroups.x) * TILE_OUTPUTS;
  // The last tile begins where it is whole, and stores what the tile before it does not; one past it stores
  // nothing. Rows past the last are computed as the last, and not stored.
  let first = min(first_output, max(OUTPUTS, TILE_OUTPUTS) - TILE_OUTPUTS);

  var sums: array<f32, SUMS>;
  for (var chunk = lane.index; chunk < CHUNKS; chunk += LANES) {
    // The fewer are held: the vectors of a lone row, or the chunks of a few outputs.
    if (TILE_ROWS == 1) {
      var inputs: array<vec4<f32>, CHUNK_VECTORS>;
      for (var v = 0u; v < CHUNK_VECTORS; v++) {
        let vector = chunk * CHUNK_VECTORS + v;
        inputs[v] = input_vector(first_row, vector);
        if (HAS_SQUARES) {
          sums[SQUARES] += dot(inputs[v], inputs[v]);
          inputs[v] *= norm_vector(vector);
        }
      }
      for (var o = 0u; o < TILE_OUTPUTS; o++) {
        let weights = weight_chunk((first + min(o, OUTPUTS - 1)) * ROW_VECTORS, chunk);
        for (var v = 0u; v < CHUNK_VECTORS; v++) {
          sums[o] += dot(weights[v], inputs[v]);
        }
      }
      continue;
    }
    var weights: array<Chunk, TILE_OUTPUTS>;
    for (var o = 0u; o < TILE_OUTPUTS; o++) {
      weights[o] = weight_chunk((first + min(o, OUTPUTS - 1)) * ROW_VECTORS, chunk);
    }
    for (var v = 0u; v < CHUNK_VECTORS; v++) {
      let vector = chunk * CHUNK_VECTORS + v;
      for (var r = 0u; r < TILE_ROWS; r++) {
        let input = input_vector(min(first_row + r, rows - 1), vector);
        for (var o = 0u; o < TILE_OUTPUTS; o++) {
          sums[r * TILE_OUTPUTS + o] += dot(weights[o][v], input);
        }
      }
    }
  }

  add_lanes(lane, sums);
  for (var i = lane.index; i < PRODUCTS; i += LANES) {
    let row = first_row + i / TILE_OUTPUTS;
    let output = first + i % TILE_OUTPUTS;
    if (row < rows && output >= first_output && output < OUTPUTS) {
      var sum = total(lane, i);
      if (HAS_SQUARES) {
        sum /= sqrt(total(lane, SQUARES) / f32(COLUMNS) + EPSILON);
      }
      store_output(row, output, sum);
    }
  }
}
