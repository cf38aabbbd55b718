// The selective state-space recurrence of Mamba-2, row after row.
//
//   Δ[t, h] = clamp(softplus(dt[t, h] + dtBias[h]), time step limit)
//   S[t, h] = exp(Δ[t, h] · a[h]) · S[t−1, h] + Δ[t, h] · x[t, h] ⊗ B[t, g]        S is [P, N]
//   y[t, h] = S[t, h] · C[t, g] + d[h] · x[t, h]
//
//   h  head, HEADS of them        g = floor(h / (heads / groups))
//   P  HEAD_DIM                   N  STATE_SIZE
//
// A workgroup takes eight rows of a head's S through a segment. Eight lanes share a row of S: each
// keeps every eighth element in registers, and their parts of the product with C are added in
// workgroup memory, in order. S is read and written once a segment. `x_at`, `b_at` and `c_at` say where a
// row's inputs come from, `load_recurrent` and `store_recurrent` where a word of S lies, [slots, heads, P, N].
//
// Dao & Gu 2024, arXiv:2405.21060, eq. 1.

override SEGMENT: u32; // words of the step: the feed
override HEADS: u32;
override HEAD_DIM: u32;
override STATE_SIZE: u32;
override HEADS_PER_GROUP: u32;
override SHORTEST_CHUNKED: i32; // segments of so many rows are ssm-chunks.wgsl's
override SMALLEST_STEP: f32;
override LARGEST_STEP: f32;
override DT_OFFSET: u32;
override DT_STRIDE: u32;
override Y_OFFSET: u32;
override Y_STRIDE: u32;

const PARTS: u32 = 8;
const CHANNELS: u32 = 8;
const LANES: u32 = PARTS * CHANNELS;

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(4) var<storage, read> dt: array<f32>; // [rows, heads]
@group(0) @binding(5) var<storage, read> heads: array<f32>; // a, d and dtBias, [heads] each
@group(0) @binding(6) var<storage, read_write> y: array<f32>; // [rows, heads · P]

var<workgroup> b_row: array<f32, STATE_SIZE>;
var<workgroup> c_row: array<f32, STATE_SIZE>;
var<workgroup> partial: array<f32, LANES>;

/// x counts blocks of a head's channels, y heads, z segments. STATES_PER_LANE is the N that a lane keeps.
@compute @workgroup_size(LANES)
fn ssm_scan(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let at = SEGMENT + 6 * workgroup.z;
  let start = step[at];
  let row_count = step[at + 1];
  let end = start + row_count;
  let read_slot = step[at + 2];
  let write_slot = step[at + 3];
  let mark_row = step[at + 4];
  let mark_slot = step[at + 5];
  if (write_slot < 0 || row_count >= SHORTEST_CHUNKED) {
    return;
  }
  let head = workgroup.y;
  let group = head / HEADS_PER_GROUP;
  let part = lane % PARTS;
  let channel = workgroup.x * CHANNELS + lane / PARTS;
  let is_channel = channel < HEAD_DIM;
  let decay_rate = heads[head];
  let skip = heads[HEADS + head];
  let bias = heads[2 * HEADS + head];

  let slot_size = HEADS * HEAD_DIM * STATE_SIZE;
  let row_of_state = (head * HEAD_DIM + channel) * STATE_SIZE;
  var state: array<f32, STATES_PER_LANE>;
  for (var i = 0u; i < STATES_PER_LANE; i++) {
    let n = part + PARTS * i;
    if (is_channel && n < STATE_SIZE) {
      state[i] = load_recurrent(u32(read_slot) * slot_size + row_of_state + n);
    }
  }

  for (var t = start; t < end; t++) {
    let row = u32(t);
    for (var n = lane; n < STATE_SIZE; n += LANES) {
      b_row[n] = b_at(row, read_slot, group * STATE_SIZE + n);
      c_row[n] = c_at(row, read_slot, group * STATE_SIZE + n);
    }
    workgroupBarrier();

    let delta = clamp(softplus(dt[DT_OFFSET + row * DT_STRIDE + head] + bias), SMALLEST_STEP, LARGEST_STEP);
    let decay = exp(delta * decay_rate);
    var input = 0.0;
    if (is_channel) {
      input = x_at(row, read_slot, head * HEAD_DIM + channel);
    }
    let drive = delta * input;
    var sum = 0.0;
    for (var i = 0u; i < STATES_PER_LANE; i++) {
      let n = part + PARTS * i;
      if (n < STATE_SIZE) {
        state[i] = decay * state[i] + drive * b_row[n];
        sum += state[i] * c_row[n];
      }
    }
    partial[lane] = sum;
    workgroupBarrier();

    if (part == 0 && is_channel) {
      var output = skip * input;
      for (var i = 0u; i < PARTS; i++) {
        output += partial[lane + i];
      }
      y[Y_OFFSET + row * Y_STRIDE + head * HEAD_DIM + channel] = output;
    }
    if (t == mark_row && is_channel) {
      for (var i = 0u; i < STATES_PER_LANE; i++) {
        let n = part + PARTS * i;
        if (n < STATE_SIZE) {
          store_recurrent(u32(mark_slot) * slot_size + row_of_state + n, state[i]);
        }
      }
    }
  }

  for (var i = 0u; i < STATES_PER_LANE; i++) {
    let n = part + PARTS * i;
    if (is_channel && n < STATE_SIZE) {
      store_recurrent(u32(write_slot) * slot_size + row_of_state + n, state[i]);
    }
  }
}
