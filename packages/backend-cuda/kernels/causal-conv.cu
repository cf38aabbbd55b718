// Depthwise causal convolution along the rows of each segment.
//
//   y[t, c] = activation(bias[c] + sum over j of weight[c, j] · x[t − (K−1) + j, c])
//
//   t  row of the segment        c  channel        K  kernel_size, at most MOST_TAPS
//
// The window of a slot holds the K−1 inputs before the segment as [channels, K−1], oldest first. `causal_conv` takes
// ROWS rows of a channel in a thread, which keeps its last inputs in registers, and only reads windows; then
// `causal_conv_window` writes them, since other blocks may still have needed what they held.
//
// Gu & Dao 2023, arXiv:2312.00752, section 3.4.
#include "activation.cuh"
#include "window.cuh"

constexpr int ROWS = 16;

/// The grid counts channels in x, parts of ROWS rows of a segment in y, segments in z.
KERNEL(causal_conv, 128, const int* segments, const Segment* segment_feed, const float* x, int x_stride,
       const float* weight, int weight_stride, const float* bias, const float* window, float* y, int y_stride,
       int channels, int kernel_size, int activation) {
  const int channel = blockIdx.x * 128 + threadIdx.x;
  if (static_cast<int>(blockIdx.z) >= *segments || channel >= channels) return;
  const Segment segment = segment_feed[blockIdx.z];
  const int first = blockIdx.y * ROWS, end = min(first + ROWS, segment.row_count);
  if (segment.write_slot < 0 || first >= end) return;

  // Taps and inputs stand at the end of the arrays, so that the newest input has a fixed place.
  float taps[MOST_TAPS], inputs[MOST_TAPS];
#pragma unroll
  for (int j = 0; j < MOST_TAPS; j++) {
    const int tap = j - (MOST_TAPS - kernel_size), row = segment.start_row + first - MOST_TAPS + j;
    taps[j] = tap >= 0 ? weight[channel * weight_stride + tap] : 0.0f;
    inputs[j] = tap > 0 ? input_at(x, x_stride, window, channels, channel, kernel_size, segment, row) : 0.0f;
  }
  const float offset = bias ? bias[channel] : 0.0f;
  for (int t = first; t < end; t++) {
    const int row = segment.start_row + t;
#pragma unroll
    for (int j = 0; j + 1 < MOST_TAPS; j++) inputs[j] = inputs[j + 1];
    inputs[MOST_TAPS - 1] = row_of(x, row, x_stride)[channel];
    float sum = offset;
#pragma unroll
    for (int j = 0; j < MOST_TAPS; j++) sum += taps[j] * inputs[j];
    row_of(y, row, y_stride)[channel] = activate(activation, sum);
  }
}

/// The grid counts channels in x, segments in y.
KERNEL(causal_conv_window, 128, const int* segments, const Segment* segment_feed, const float* x, int x_stride,
       float* window, int channels, int kernel_size) {
  const int channel = blockIdx.x * 128 + threadIdx.x;
  if (static_cast<int>(blockIdx.y) >= *segments || channel >= channels) return;
  const Segment segment = segment_feed[blockIdx.y];
  if (segment.write_slot < 0) return;
  leave_window(x, x_stride, window, channels, channel, kernel_size, segment);
}
