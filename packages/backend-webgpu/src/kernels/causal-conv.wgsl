// Depthwise causal convolution along the rows of each segment.
//
//   y[t, c] = activation(bias[c] + sum over j of weight[c, j] · x[t − (K−1) + j, c])
//
//   t  row of the segment        c  channel        K  KERNEL_SIZE
//
// The window of a slot holds the K−1 inputs before the segment as [channels, K−1], oldest first. One
// invocation takes one channel through all rows of a segment, and then leaves its last K−1 inputs.
//
// Gu & Dao 2023, arXiv:2312.00752, section 3.4.

override SEGMENT: u32; // words of the step: the feed
override CHANNELS: u32;
override KERNEL_SIZE: u32;
override WEIGHT_STRIDE: u32; // from channel to channel
override HAS_BIAS: bool;
override X_OFFSET: u32;
override X_STRIDE: u32;
override Y_OFFSET: u32;
override Y_STRIDE: u32;

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [rows, channels]
@group(0) @binding(2) var<storage, read> weight: array<f32>; // [channels, WEIGHT_STRIDE], then the bias
@group(0) @binding(3) var<storage, read_write> window: array<f32>; // [slots, channels, K − 1]
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [rows, channels]

/// The input at a row of a segment that starts at `start`; before that, what the window holds.
fn input_at(row: i32, start: i32, slot: i32, channel: u32) -> f32 {
  let past = KERNEL_SIZE - 1;
  if (row >= start) {
    return x[X_OFFSET + u32(row) * X_STRIDE + channel];
  }
  let place = u32(row - start + i32(past));
  return window[(u32(slot) * CHANNELS + channel) * past + place];
}

/// Leaves the inputs up to and including a row. In place, an entry is read before it is overwritten.
fn leave_window(row: i32, start: i32, read_slot: i32, write_slot: i32, channel: u32) {
  let past = i32(KERNEL_SIZE) - 1;
  for (var j = 0; j < past; j++) {
    let input = input_at(row + 1 - past + j, start, read_slot, channel);
    window[(u32(write_slot) * CHANNELS + channel) * u32(past) + u32(j)] = input;
  }
}

/// x counts channels, y segments.
@compute @workgroup_size(64)
fn causal_conv(@builtin(global_invocation_id) id: vec3<u32>) {
  let channel = id.x;
  let at = SEGMENT + 6 * id.y;
  let start = step[at];
  let row_count = step[at + 1];
  let read_slot = step[at + 2];
  let write_slot = step[at + 3];
  let mark_row = step[at + 4];
  let mark_slot = step[at + 5];
  if (channel >= CHANNELS || write_slot < 0) {
    return;
  }
  for (var row = start; row < start + row_count; row++) {
    var sum = 0.0;
    if (HAS_BIAS) {
      sum = weight[CHANNELS * WEIGHT_STRIDE + channel];
    }
    for (var j = 0u; j < KERNEL_SIZE; j++) {
      let input = input_at(row - i32(KERNEL_SIZE - 1) + i32(j), start, read_slot, channel);
      sum += weight[channel * WEIGHT_STRIDE + j] * input;
    }
    y[Y_OFFSET + u32(row) * Y_STRIDE + channel] = activate(sum);
  }
  if (mark_slot >= 0) {
    leave_window(mark_row, start, read_slot, mark_slot, channel);
  }
  leave_window(start + row_count - 1, start, read_slot, write_slot, channel);
}
