// A matrix product for one row, where a subgroup is a vector of a processor.
//
//   y[o] = activation(sum over i of weight[o, i] · x[i] + bias[o]) + residual[o]
//
// A workgroup is one subgroup, and each lane takes a row of the weight. The lanes read x together, each one
// vector of it, and hand it round in registers, as in linear-subgroups.wgsl.
//
// Where x comes out of a root-mean-square norm, the norm's own input takes its place as in
// linear-few-rows.wgsl.

override CHUNKS: u32; // of a row of the weight
override ROW_VECTORS: u32;
override EPSILON: f32 = 0;

@group(0) @binding(2) var<storage, read> weight: array<vec4<u32>>; // [OUTPUTS, ROW_VECTORS]

/// x and z count tiles of outputs.
@compute @workgroup_size(SUBGROUP)
fn linear_row_subgroups(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let output = (workgroup.x + workgroup.z * workgroups.x) * SUBGROUP + lane;
  let weight_row = min(output, OUTPUTS - 1) * ROW_VECTORS; // past the last it is computed, and not stored
  let vectors = CHUNKS * CHUNK_VECTORS;

  var sum = 0.0;
  var squares = 0.0;
  for (var first = 0u; first < vectors; first += SUBGROUP) {
    var own = input_vector(0, first + lane);
    if (HAS_SQUARES) {
      squares += dot(own, own);
      own *= norm_vector(first + lane);
    }
    // What is past the last chunk is multiplied by zeros.
    for (var at = 0u; at < SUBGROUP; at += CHUNK_VECTORS) {
      let chunk = min((first + at) / CHUNK_VECTORS, CHUNKS - 1);
      let weights = weight_chunk(weight_row, chunk);
      for (var v = 0u; v < CHUNK_VECTORS; v++) {
        sum += dot(weights[v], subgroupShuffle(own, at + v));
      }
    }
  }

  if (HAS_SQUARES) {
    sum /= sqrt(subgroupAdd(squares) / f32(COLUMNS) + EPSILON);
  }
  if (output < OUTPUTS) {
    store_output(0, output, sum);
  }
}
