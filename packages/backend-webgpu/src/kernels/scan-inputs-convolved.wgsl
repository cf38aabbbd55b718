// Inputs of a scan in a segment of one row, convolved as they are read; see causal-conv.wgsl. The window
// stays as it is: other workgroups read it too.

override INPUT_OFFSET: u32;
override INPUT_STRIDE: u32;
override KERNEL_SIZE: u32;
override WEIGHT_STRIDE: u32; // from channel to channel
override CONV_CHANNELS: u32;
override HAS_BIAS: bool;
override X_CHANNEL: u32; // of the convolution's channels, the first that is of x, of B and of C
override B_CHANNEL: u32;
override C_CHANNEL: u32;

@group(0) @binding(1) var<storage, read> input: array<f32>; // [rows, channels]
@group(0) @binding(2) var<storage, read> conv_weight: array<f32>; // [channels, WEIGHT_STRIDE], then the bias
@group(0) @binding(3) var<storage, read> window: array<f32>; // [slots, channels, K − 1]

fn convolved(row: u32, slot: i32, channel: u32) -> f32 {
  let past = KERNEL_SIZE - 1;
  let window_at = (u32(slot) * CONV_CHANNELS + channel) * past;
  let weight_at = channel * WEIGHT_STRIDE;
  var sum = 0.0;
  if (HAS_BIAS) {
    sum = conv_weight[CONV_CHANNELS * WEIGHT_STRIDE + channel];
  }
  for (var j = 0u; j < past; j++) {
    sum += conv_weight[weight_at + j] * window[window_at + j];
  }
  sum += conv_weight[weight_at + past] * input[INPUT_OFFSET + row * INPUT_STRIDE + channel];
  return activate(sum);
}

fn x_at(row: u32, slot: i32, channel: u32) -> f32 {
  return convolved(row, slot, X_CHANNEL + channel);
}

fn b_at(row: u32, slot: i32, channel: u32) -> f32 {
  return convolved(row, slot, B_CHANNEL + channel);
}

fn c_at(row: u32, slot: i32, channel: u32) -> f32 {
  return convolved(row, slot, C_CHANNEL + channel);
}
