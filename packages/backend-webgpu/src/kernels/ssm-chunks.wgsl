// The recurrence of Mamba-2 for long segments: chunks of rows by matrix products, and the state from chunk to
// chunk.
//
//   y[t] = sum over s ≤ t of product[t, s] · exp(l[t] − l[s]) · Δ[s] · x[s] + exp(l[t]) · S · C[t] + d · x[t]
//   S    = exp(l[end]) · S + sum over s of exp(l[end] − l[s]) · Δ[s] · x[s] ⊗ B[s]
//
//   t, s  rows of the chunk        S  the head's state, [P, N], P = HEAD_DIM and N = STATE_SIZE
//
// Products, Δ and l are what ssm-chunk-products.wgsl leaves. A workgroup takes CHANNELS of a head's channels
// through a segment, with their part of S in workgroup memory throughout. For y a lane takes a row and half of
// the channels, for S a vector of N and half of the channels: what neighbours read is the same or adjacent.
// `load_recurrent` and `store_recurrent` say where a word of a slot's S lies, [slots, heads, P, N].
// Chunks have 32 rows whatever the model was trained with: that changes rounding only.
//
// Dao & Gu 2024, arXiv:2405.21060, section 6 and listing 1.

override HEADS: u32;
override HEAD_DIM: u32;
override GROUPS: u32;
override X_OFFSET: u32;
override X_STRIDE: u32;
override Y_OFFSET: u32;
override Y_STRIDE: u32;
override STEPS_AT: u32; // where the steps begin in `shared_parts`, behind the products

const LANES: u32 = 64;
const CHANNELS: u32 = 16;
const CHANNEL_VECTORS: u32 = CHANNELS / 4;

@group(0) @binding(3) var<storage, read> x: array<f32>; // [rows, heads · P]
@group(0) @binding(4) var<storage, read> heads: array<f32>; // a, d and dtBias, [heads] each
@group(0) @binding(5) var<storage, read> shared_parts: array<f32>; // [chunks, groups, s, t], then [chunks, heads, 2, t]
@group(0) @binding(6) var<storage, read_write> y: array<f32>; // [rows, heads · P]

var<workgroup> state: array<vec4<f32>, CHANNELS * STATE_VECTORS>; // [channel, N]
var<workgroup> inputs: array<vec4<f32>, CHUNK_ROWS * CHANNEL_VECTORS>; // x, [row, channel]
var<workgroup> deltas: array<f32, CHUNK_ROWS>;
var<workgroup> logs: array<f32, CHUNK_ROWS>;
var<workgroup> weights: array<f32, CHUNK_ROWS>; // exp(l[end] − l[s]) · Δ[s]

/// x counts blocks of a head's channels, y heads, z segments. STATE_VECTORS is N / 4, rounded up.
@compute @workgroup_size(LANES)
fn ssm_chunks(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let segment = segment_at(workgroup.z);
  let chunks = chunk_count(segment);
  if (chunks == 0) {
    return;
  }
  let first = first_chunk(workgroup.z);
  let head = workgroup.y;
  let group = head / (HEADS / GROUPS);
  let first_channel = workgroup.x * CHANNELS;
  let row_lane = lane % CHUNK_ROWS;
  let half = lane / CHUNK_ROWS; // of the channels
  let skip = heads[HEADS + head];

  for (var i = lane; i < CHANNELS * STATE_VECTORS; i += LANES) {
    state[i] = stored_state(segment.read_slot, head, first_channel + i / STATE_VECTORS, i % STATE_VECTORS);
  }

  for (var index = 0u; index < chunks; index++) {
    let chunk = chunk_at(segment, index);
    for (var i = lane; i < CHUNK_ROWS * CHANNEL_VECTORS; i += LANES) {
      inputs[i] = input_vector(chunk, i / CHANNEL_VECTORS, head, first_channel + 4 * (i % CHANNEL_VECTORS));
    }
    let steps_at = STEPS_AT + ((first + index) * HEADS + head) * 2 * CHUNK_ROWS;
    if (lane < chunk.rows) {
      let last = shared_parts[steps_at + CHUNK_ROWS + chunk.rows - 1];
      deltas[lane] = shared_parts[steps_at + lane];
      logs[lane] = shared_parts[steps_at + CHUNK_ROWS + lane];
      weights[lane] = exp(last - logs[lane]) * deltas[lane];
    }
    workgroupBarrier();

    if (row_lane < chunk.rows) {
      let products_at = ((first + index) * GROUPS + group) * CHUNK_ROWS * CHUNK_ROWS + row_lane;
      output_row(chunk, row_lane, half, group, products_at, skip, head, first_channel);
    }
    workgroupBarrier();

    for (var vector = row_lane; vector < STATE_VECTORS; vector += CHUNK_ROWS) {
      next_state(chunk, vector, half, group);
    }
    workgroupBarrier();

    if (segment.mark_slot >= 0 && i32(chunk.start + chunk.rows) == segment.marked_end) {
      store_state(segment.mark_slot, head, first_channel, lane);
    }
  }
  store_state(segment.write_slot, head, first_channel, lane);
}

/// y of a row, for half of the channels.
fn output_row(
  chunk: Chunk,
  t: u32,
  half: u32,
  group: u32,
  products_at: u32,
  skip: f32,
  head: u32,
  first_channel: u32,
) {
  let states = half * (CHANNELS / 2) * STATE_VECTORS;
  let own = half * (CHANNEL_VECTORS / 2);
  var low: vec4<f32>;
  var high: vec4<f32>;
  for (var v = 0u; v < STATE_VECTORS; v++) {
    let c_part = c_vector(chunk.start + t, group, v);
    low += vec4(
      dot(c_part, state[states + v]),
      dot(c_part, state[states + STATE_VECTORS + v]),
      dot(c_part, state[states + 2 * STATE_VECTORS + v]),
      dot(c_part, state[states + 3 * STATE_VECTORS + v]),
    );
    high += vec4(
      dot(c_part, state[states + 4 * STATE_VECTORS + v]),
      dot(c_part, state[states + 5 * STATE_VECTORS + v]),
      dot(c_part, state[states + 6 * STATE_VECTORS + v]),
      dot(c_part, state[states + 7 * STATE_VECTORS + v]),
    );
  }
  let log = logs[t];
  low *= exp(log);
  high *= exp(log);
  for (var s = 0u; s <= t; s++) {
    let part = shared_parts[products_at + s * CHUNK_ROWS] * exp(log - logs[s]) * deltas[s];
    low += part * inputs[s * CHANNEL_VECTORS + own];
    high += part * inputs[s * CHANNEL_VECTORS + own + 1];
  }
  low += skip * inputs[t * CHANNEL_VECTORS + own];
  high += skip * inputs[t * CHANNEL_VECTORS + own + 1];

  let channel = first_channel + half * (CHANNELS / 2);
  let to = Y_OFFSET + (chunk.start + t) * Y_STRIDE + head * HEAD_DIM + channel;
  for (var i = 0u; i < CHANNELS / 2 && channel + i < HEAD_DIM; i++) {
    y[to + i] = select(high[i % 4], low[i % 4], i < 4);
  }
}

/// S after the chunk: one vector of it, for half of the channels.
fn next_state(chunk: Chunk, vector: u32, half: u32, group: u32) {
  let at = half * (CHANNELS / 2) * STATE_VECTORS + vector;
  let own = half * (CHANNEL_VECTORS / 2);
  let decay = exp(logs[chunk.rows - 1]);
  var next: array<vec4<f32>, CHANNELS / 2>;
  for (var i = 0u; i < CHANNELS / 2; i++) {
    next[i] = decay * state[at + i * STATE_VECTORS];
  }
  for (var s = 0u; s < chunk.rows; s++) {
    let b_part = weights[s] * b_vector(chunk.start + s, group, vector);
    let low = inputs[s * CHANNEL_VECTORS + own];
    let high = inputs[s * CHANNEL_VECTORS + own + 1];
    next[0] += low.x * b_part;
    next[1] += low.y * b_part;
    next[2] += low.z * b_part;
    next[3] += low.w * b_part;
    next[4] += high.x * b_part;
    next[5] += high.y * b_part;
    next[6] += high.z * b_part;
    next[7] += high.w * b_part;
  }
  for (var i = 0u; i < CHANNELS / 2; i++) {
    state[at + i * STATE_VECTORS] = next[i];
  }
}

/// Four channels of a row of x, zeros where there are none.
fn input_vector(chunk: Chunk, row: u32, head: u32, channel: u32) -> vec4<f32> {
  var values: vec4<f32>;
  let base = X_OFFSET + (chunk.start + row) * X_STRIDE + head * HEAD_DIM + channel;
  for (var i = 0u; i < 4 && row < chunk.rows && channel + i < HEAD_DIM; i++) {
    values[i] = x[base + i];
  }
  return values;
}

fn state_at(slot: i32, head: u32, channel: u32) -> u32 {
  return ((u32(slot) * HEADS + head) * HEAD_DIM + channel) * STATE_SIZE;
}

/// Four numbers of a slot's state, zeros where there are none.
fn stored_state(slot: i32, head: u32, channel: u32, vector: u32) -> vec4<f32> {
  var values: vec4<f32>;
  let base = state_at(slot, head, channel) + 4 * vector;
  for (var i = 0u; i < 4 && channel < HEAD_DIM && 4 * vector + i < STATE_SIZE; i++) {
    values[i] = load_recurrent(base + i);
  }
  return values;
}

/// Leaves S in a slot.
fn store_state(slot: i32, head: u32, first_channel: u32, lane: u32) {
  for (var i = lane; i < CHANNELS * STATE_VECTORS; i += LANES) {
    let channel = first_channel + i / STATE_VECTORS;
    let vector = i % STATE_VECTORS;
    for (var j = 0u; j < 4 && channel < HEAD_DIM && 4 * vector + j < STATE_SIZE; j++) {
      store_recurrent(state_at(slot, head, channel) + 4 * vector + j, state[i][j]);
    }
  }
}
