// What the channels of a chunked scan share, for ssm-chunks.wgsl: of each chunk and group the products of its
// rows, and of each head the time steps and the logarithms of how far its state has decayed.
//
//   product[t, s] = C[t] · B[s]                            for s ≤ t, rows of the chunk
//   Δ[t] = clamp(softplus(dt[t] + dtBias), time step limit)
//   l[t] = sum over s ≤ t of Δ[s] · a
//
// One workgroup takes one group of a chunk: a lane a row t and half of the rows s, then a head of the group.
//
// Dao & Gu 2024, arXiv:2405.21060, section 6.

override HEADS: u32;
override GROUPS: u32;
override SMALLEST_STEP: f32;
override LARGEST_STEP: f32;
override DT_OFFSET: u32;
override DT_STRIDE: u32;
override STEPS_AT: u32; // where the steps begin in `shared_parts`, behind the products

const LANES: u32 = 64;

@group(0) @binding(3) var<storage, read> dt: array<f32>; // [rows, heads]
@group(0) @binding(4) var<storage, read> heads: array<f32>; // a, d and dtBias, [heads] each
@group(0) @binding(5) var<storage, read_write> shared_parts: array<f32>; // [chunks, groups, s, t], then [chunks, heads, 2, t]

/// x counts chunks of a segment, y groups, z segments.
@compute @workgroup_size(LANES)
fn ssm_chunk_products(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let segment = segment_at(workgroup.z);
  if (workgroup.x >= chunk_count(segment)) {
    return;
  }
  let chunk = chunk_at(segment, workgroup.x);
  let index = first_chunk(workgroup.z) + workgroup.x;
  let group = workgroup.y;

  let t = lane % CHUNK_ROWS;
  let first_s = lane / CHUNK_ROWS * (CHUNK_ROWS / 2);
  if (t < chunk.rows && first_s <= t) {
    var sums: array<f32, CHUNK_ROWS / 2>;
    for (var vector = 0u; 4 * vector < STATE_SIZE; vector++) {
      let own = c_vector(chunk.start + t, group, vector);
      for (var i = 0u; i < CHUNK_ROWS / 2; i++) {
        // Rows past the last are computed as the last; nobody reads their products.
        sums[i] += dot(own, b_vector(chunk.start + min(first_s + i, chunk.rows - 1), group, vector));
      }
    }
    let to = (index * GROUPS + group) * CHUNK_ROWS * CHUNK_ROWS + t;
    for (var i = 0u; i < CHUNK_ROWS / 2; i++) {
      shared_parts[to + (first_s + i) * CHUNK_ROWS] = sums[i];
    }
  }

  let heads_per_group = HEADS / GROUPS;
  for (var h = lane; h < heads_per_group; h += LANES) {
    let head = group * heads_per_group + h;
    let to = STEPS_AT + (index * HEADS + head) * 2 * CHUNK_ROWS;
    var log = 0.0;
    for (var row = 0u; row < chunk.rows; row++) {
      let input = dt[DT_OFFSET + (chunk.start + row) * DT_STRIDE + head] + heads[2 * HEADS + head];
      let delta = clamp(softplus(input), SMALLEST_STEP, LARGEST_STEP);
      log += delta * heads[head];
      shared_parts[to + row] = delta;
      shared_parts[to + CHUNK_ROWS + row] = log;
    }
  }
}
