// A matrix product for many rows, where arithmetic is what counts.
//
//   y[r, o] = activation(sum over i of weight[o, i] · x[r, i] + bias[o]) + residual[r, o]
//
// A workgroup takes TILE_ROWS rows of x against 64 rows of the weight, 32 columns at a time: both tiles are
// decoded into workgroup memory once, as vectors of four columns in f32 or f16 (tile-f32.wgsl, tile-f16.wgsl),
// and each lane then multiplies LANE_ROWS rows of the one by four of the other, adding up in f32. Rows of a tile lie one vector apart from where their size would
// put them, so that lanes that read different rows do not meet in one memory bank.

override ROWS_AT: u32; // words of the step: its rows
override CHUNKS: u32; // of a row of the weight
override ROW_VECTORS: u32;

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<u32>>; // [OUTPUTS, ROW_VECTORS]

const TILE_OUTPUTS: u32 = 64;
const TILE_VECTORS: u32 = 8;
const TILE_STRIDE: u32 = TILE_VECTORS + 1;
const TILE_CHUNKS: u32 = TILE_VECTORS / CHUNK_VECTORS;
const ROW_LANES: u32 = TILE_ROWS / LANE_ROWS;
const OUTPUT_LANES: u32 = TILE_OUTPUTS / 4;
const LANES: u32 = ROW_LANES * OUTPUT_LANES;

var<workgroup> inputs: array<TileVector, TILE_ROWS * TILE_STRIDE>;
var<workgroup> weights: array<TileVector, TILE_OUTPUTS * TILE_STRIDE>;

/// x and z count tiles of outputs, y tiles of rows.
@compute @workgroup_size(LANES)
fn linear_tiled(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let rows = u32(step[ROWS_AT]);
  let first_row = workgroup.y * TILE_ROWS;
  let first_output = (workgroup.x + workgroup.z * workgroups.x) * TILE_OUTPUTS;
  if (first_output >= OUTPUTS) {
    return;
  }
  // A lane's rows and outputs lie so far apart that neighbouring lanes read neighbouring ones.
  let row_lane = lane / OUTPUT_LANES % ROW_LANES;
  let output_lane = lane % OUTPUT_LANES;

  // A bound that compilers do not know, or they unroll the loop: eight times the code, and none the faster.
  let tile_vectors = min(TILE_VECTORS, rows * TILE_VECTORS);

  var sums: array<vec4<f32>, LANE_ROWS>;
  for (var first_chunk = 0u; first_chunk < CHUNKS; first_chunk += TILE_CHUNKS) {
    for (var i = lane; i < TILE_ROWS * TILE_VECTORS; i += LANES) {
      let r = i / TILE_VECTORS;
      let v = i % TILE_VECTORS;
      var values = TileVector();
      if (first_row + r < rows) {
        values = tile_input(first_row + r, first_chunk * CHUNK_VECTORS + v);
      }
      inputs[r * TILE_STRIDE + v] = values;
    }
    for (var i = lane; i < TILE_OUTPUTS * TILE_CHUNKS; i += LANES) {
      let o = i / TILE_CHUNKS;
      let chunk = i % TILE_CHUNKS;
      var values = Chunk(); // said, for compilers do not zero what a loop declares again
      if (first_output + o < OUTPUTS && first_chunk + chunk < CHUNKS) {
        values = weight_chunk((first_output + o) * ROW_VECTORS, first_chunk + chunk);
      }
      for (var v = 0u; v < CHUNK_VECTORS; v++) {
        weights[o * TILE_STRIDE + chunk * CHUNK_VECTORS + v] = TileVector(values[v]);
      }
    }
    workgroupBarrier();

    for (var v = 0u; v < tile_vectors; v++) {
      let w0 = weights[output_lane * TILE_STRIDE + v];
      let w1 = weights[(output_lane + OUTPUT_LANES) * TILE_STRIDE + v];
      let w2 = weights[(output_lane + 2 * OUTPUT_LANES) * TILE_STRIDE + v];
      let w3 = weights[(output_lane + 3 * OUTPUT_LANES) * TILE_STRIDE + v];
      for (var r = 0u; r < LANE_ROWS; r++) {
        let input = inputs[(row_lane + r * ROW_LANES) * TILE_STRIDE + v];
        sums[r] += vec4<f32>(vec4(dot(w0, input), dot(w1, input), dot(w2, input), dot(w3, input)));
      }
    }
    workgroupBarrier();
  }

  for (var r = 0u; r < LANE_ROWS; r++) {
    let row = first_row + row_lane + r * ROW_LANES;
    for (var o = 0u; o < 4; o++) {
      let output = first_output + output_lane + o * OUTPUT_LANES;
      if (row < rows && output < OUTPUTS) {
        store_output(row, output, sums[r][o] * input_scale(row));
      }
    }
  }
}
