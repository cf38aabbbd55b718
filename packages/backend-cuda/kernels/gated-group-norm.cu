// Mamba-2's output norm: the gate first, then a root-mean-square norm of each group of channels.
//
//   v[r, c] = x[r, c] · silu(gate[r, c])
//   y[r, c] = v[r, c] / sqrt(mean over c's group of v² + epsilon) · weight[c]
//
//   r  row        c  channel, `channels` of them in a group
//
// One block takes one group of a row. Gated values are left in y between the two passes; each thread reads
// those that it wrote.
//
// `RMSNormGated` with `norm_before_gate=False` in state-spaces/mamba.
#include "activation.cuh"
#include "reduce.cuh"
#include "window.cuh"

constexpr int THREADS = 256;

#define PARAMETERS                                                                                               \
  const int *rows, const float *x, int x_stride, const float *gate, int gate_stride, const float *weight, float *y, \
      int y_stride, int channels, float epsilon
#define ARGUMENTS rows, x, x_stride, gate, gate_stride, weight, y, y_stride, channels, epsilon

static __device__ __forceinline__ void normalize(PARAMETERS) {
  int row = blockIdx.y, first = blockIdx.x * channels;
  if (row >= *rows) return;
  __shared__ float partial[THREADS / 32];
  const float* from = row_of(x, row, x_stride) + first;
  const float* gates = row_of(gate, row, gate_stride) + first;
  float* to = row_of(y, row, y_stride) + first;

  float sum_of_squares = 0;
  for (int c = threadIdx.x; c < channels; c += THREADS) {
    float v = from[c] * silu(gates[c]);
    to[c] = v;
    sum_of_squares += v * v;
  }
  sum_of_squares = reduce_block<Add, THREADS>(sum_of_squares, partial);

  float scale = 1.0f / sqrtf(sum_of_squares / static_cast<float>(channels) + epsilon);
  for (int c = threadIdx.x; c < channels; c += THREADS) to[c] *= scale * weight[first + c];
}

/// The grid counts groups in x and rows in y.
KERNEL(gated_group_norm, THREADS, PARAMETERS) { normalize(ARGUMENTS); }

/// For segments of a row, whose inputs `convolve_and_scan` has convolved: also leaves their windows, which by now
/// nobody reads any more. The grid counts groups in x; rows in y, or segments, which share the groups' blocks.
KERNEL(gated_group_norm_window, THREADS, PARAMETERS, const int* segments, const Segment* segment_feed,
       const float* input, int input_stride, float* window, int window_channels, int kernel_size) {
  normalize(ARGUMENTS);
  if (static_cast<int>(blockIdx.y) >= *segments) return;
  const Segment segment = segment_feed[blockIdx.y];
  if (segment.write_slot < 0) return;
  for (int c = blockIdx.x * THREADS + threadIdx.x; c < window_channels; c += gridDim.x * THREADS) {
    leave_window(input, input_stride, window, window_channels, c, kernel_size, segment);
  }
}
