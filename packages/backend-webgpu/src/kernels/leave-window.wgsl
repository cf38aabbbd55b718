// The output norm of Mamba-2 that also leaves the window of the convolution, for segments of one row whose
// scan has convolved its own inputs: all of it has read the window by then.
//
//   window[write slot, c] = window[read slot, c] moved on by one, and the row's input c at its end
//
// Each group of segment s takes its share of the channels.

override SEGMENTS_AT: u32; // words of the step: its segments, and the feed
override SEGMENT: u32;
override GROUPS: u32;
override KERNEL_SIZE: u32;
override CONV_CHANNELS: u32;
override INPUT_OFFSET: u32;
override INPUT_STRIDE: u32;

@group(0) @binding(4) var<storage, read> step: array<i32>;
@group(0) @binding(5) var<storage, read> input: array<f32>; // [rows, channels]
@group(0) @binding(6) var<storage, read_write> window: array<f32>; // [slots, channels, K − 1]

/// x counts groups, y rows, of which there are as many as segments at least.
@compute @workgroup_size(LANES)
fn normalize_and_leave_window(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  normalize_group(workgroup, lane);
  if (workgroup.y >= u32(step[SEGMENTS_AT])) {
    return;
  }
  let at = SEGMENT + 6 * workgroup.y;
  let row = u32(step[at]);
  let read_slot = step[at + 2];
  let write_slot = step[at + 3];
  let mark_slot = step[at + 5];
  if (write_slot < 0) {
    return;
  }
  for (var channel = workgroup.x * LANES + lane; channel < CONV_CHANNELS; channel += GROUPS * LANES) {
    let newest = input[INPUT_OFFSET + row * INPUT_STRIDE + channel];
    if (mark_slot >= 0) {
      move_window(read_slot, mark_slot, channel, newest);
    }
    move_window(read_slot, write_slot, channel, newest);
  }
}

/// In place, an entry is read before it is overwritten.
fn move_window(read_slot: i32, write_slot: i32, channel: u32, newest: f32) {
  let past = KERNEL_SIZE - 1;
  let from_at = (u32(read_slot) * CONV_CHANNELS + channel) * past;
  let to = (u32(write_slot) * CONV_CHANNELS + channel) * past;
  for (var j = 1u; j < past; j++) {
    window[to + j - 1] = window[from_at + j];
  }
  window[to + past - 1] = newest;
}
