// A matrix product for several rows, where a subgroup is a vector of a processor.
//
//   y[r, o] = activation(sum over i of weight[o, i] · x[r, i] + bias[o]) + residual[r, o]
//
// A workgroup is one subgroup, and takes as many rows of x as it has lanes against LANE_OUTPUTS rows of the
// weight for each lane. Of x each lane reads one row, and the lanes hand them round in registers: to a
// processor a load is as many loads as there are lanes, even where all read the same, and a shuffle is one
// instruction. There is no workgroup memory and no barrier, at which it would have to put all lanes aside.

override ROWS_AT: u32; // words of the step: its rows
override CHUNKS: u32; // of a row of the weight
override ROW_VECTORS: u32;

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<u32>>; // [OUTPUTS, ROW_VECTORS]

const TILE_OUTPUTS: u32 = SUBGROUP * LANE_OUTPUTS;

/// x and z count tiles of outputs, y tiles of rows.
@compute @workgroup_size(SUBGROUP)
fn linear_subgroups(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let rows = u32(step[ROWS_AT]);
  let first_row = workgroup.y * SUBGROUP;
  let first_output = (workgroup.x + workgroup.z * workgroups.x) * TILE_OUTPUTS + lane;

  var sums: array<array<f32, LANE_OUTPUTS>, SUBGROUP>;
  for (var chunk = 0u; chunk < CHUNKS; chunk++) {
    // Rows and outputs past the last are computed as the last, and not stored.
    var weights: array<Chunk, LANE_OUTPUTS>;
    for (var o = 0u; o < LANE_OUTPUTS; o++) {
      weights[o] = weight_chunk(min(first_output + o * SUBGROUP, OUTPUTS - 1) * ROW_VECTORS, chunk);
    }
    for (var v = 0u; v < CHUNK_VECTORS; v++) {
      let own = input_vector(min(first_row + lane, rows - 1), chunk * CHUNK_VECTORS + v);
      for (var r = 0u; r < SUBGROUP; r++) {
        let input = subgroupShuffle(own, r);
        for (var o = 0u; o < LANE_OUTPUTS; o++) {
          sums[r][o] += dot(weights[o][v], input);
        }
      }
    }
  }

  for (var r = 0u; r < SUBGROUP; r++) {
    for (var o = 0u; o < LANE_OUTPUTS; o++) {
      let output = first_output + o * SUBGROUP;
      if (first_row + r < rows && output < OUTPUTS) {
        store_output(first_row + r, output, sums[r][o]);
      }
    }
  }
}
