// Mamba-2's output norm: the gate first, then a root-mean-square norm of each group of channels.
//
//   v[r, c] = x[r, c] · silu(gate[r, c])
//   y[r, c] = v[r, c] / sqrt(mean over c's group of v² + epsilon) · weight[c]
//
//   r  row        c  channel        C  CHANNELS of a group
//
// One workgroup takes one group of a row. Gated values are left in y between the two passes.
//
// `RMSNormGated` with `norm_before_gate=False` in state-spaces/mamba.

override CHANNELS: u32;
override EPSILON: f32;
override X_OFFSET: u32;
override X_STRIDE: u32;
override GATE_OFFSET: u32;
override GATE_STRIDE: u32;
override Y_OFFSET: u32;
override Y_STRIDE: u32;
override LANES: u32 = 64; // a power of two, for the pairwise sum

@group(0) @binding(0) var<storage, read> x: array<f32>; // [rows, groups · C]
@group(0) @binding(1) var<storage, read> gate: array<f32>; // [rows, groups · C]
@group(0) @binding(2) var<storage, read> weight: array<f32>; // [groups · C]
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // [rows, groups · C]

var<workgroup> partial: array<f32, LANES>;

/// x counts groups, y rows.
@compute @workgroup_size(LANES)
fn gated_group_norm(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  normalize_group(workgroup, lane);
}

fn normalize_group(workgroup: vec3<u32>, lane: u32) {
  let first = workgroup.x * CHANNELS;
  let base = X_OFFSET + workgroup.y * X_STRIDE + first;
  let gate_from = GATE_OFFSET + workgroup.y * GATE_STRIDE + first;
  let to = Y_OFFSET + workgroup.y * Y_STRIDE + first;

  var sum_of_squares = 0.0;
  for (var c = lane; c < CHANNELS; c += LANES) {
    let v = x[base + c] * silu(gate[gate_from + c]);
    y[to + c] = v;
    sum_of_squares += v * v;
  }
  partial[lane] = sum_of_squares;
  workgroupBarrier();

  for (var stride = LANES / 2; stride > 0; stride /= 2) {
    if (lane < stride) {
      partial[lane] += partial[lane + stride];
    }
    workgroupBarrier();
  }

  let scale = 1 / sqrt(partial[0] / f32(CHANNELS) + EPSILON);
  for (var c = lane; c < CHANNELS; c += LANES) {
    y[to + c] *= scale * weight[first + c];
  }
}
