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

constexpr int THREADS = 256;

/// The grid counts groups in x and rows in y.
KERNEL(gated_group_norm, THREADS, const int* rows, const float* x, int x_stride, const float* gate, int gate_stride,
       const float* weight, float* y, int y_stride, int channels, float epsilon) {
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
