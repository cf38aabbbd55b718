// The window of a causal convolution: the K−1 inputs of each channel before a segment, [channels, K−1], oldest first.
#pragma once
#include "segment.cuh"

constexpr int MOST_TAPS = 8;

/// The input at a row of a segment; before its start, what the window of a slot holds.
static __device__ __forceinline__ float input_at(const float* x, int x_stride, const float* window, int channels,
                                                 int channel, int kernel_size, const Segment& segment, int row) {
  if (row >= segment.start_row) return row_of(x, row, x_stride)[channel];
  const int past = kernel_size - 1;
  const float* held = row_of(window, segment.read_slot, channels * past) + channel * past;
  return held[row - segment.start_row + past];
}

/// Leaves the inputs up to and including a row. In place, an entry is read before it is overwritten.
static __device__ void leave_inputs(const float* x, int x_stride, float* window, int channels, int channel,
                                    int kernel_size, const Segment& segment, int row, int slot) {
  const int past = kernel_size - 1;
  float* held = row_of(window, slot, channels * past) + channel * past;
  for (int j = 0; j < past; j++) {
    held[j] = input_at(x, x_stride, window, channels, channel, kernel_size, segment, row + 1 - past + j);
  }
}

/// Leaves a channel as it is after the mark row and after the last. All that reads the read slot must have done so.
static __device__ __forceinline__ void leave_window(const float* x, int x_stride, float* window, int channels,
                                                    int channel, int kernel_size, const Segment& segment) {
  if (segment.mark_slot >= 0) {
    leave_inputs(x, x_stride, window, channels, channel, kernel_size, segment, segment.mark_row, segment.mark_slot);
  }
  const int last = segment.start_row + segment.row_count - 1;
  leave_inputs(x, x_stride, window, channels, channel, kernel_size, segment, last, segment.write_slot);
}
