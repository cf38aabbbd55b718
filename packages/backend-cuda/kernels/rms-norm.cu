// Root-mean-square normalization of each row, scaled by a learned weight.
//
//   y[r, c] = x[r, c] / sqrt(mean over c of x[r, c]² + epsilon) · weight[c]
//
//   r  row        c  channel, `columns` of them
//
// One block takes one row. It is read twice; the second time it is in cache.
//
// Zhang & Sennrich 2019, arXiv:1910.07467, eq. 4.
#include "reduce.cuh"

constexpr int THREADS = 256;

KERNEL(rms_norm, THREADS, const int* rows, const float* x, int x_stride, const float* weight, float* y, int y_stride,
       int columns, float epsilon) {
  if (static_cast<int>(blockIdx.x) >= *rows) return;
  __shared__ float partial[THREADS / 32];
  const float* from = row_of(x, blockIdx.x, x_stride);
  float* to = row_of(y, blockIdx.x, y_stride);

  float sum_of_squares = 0;
  for (int c = threadIdx.x; c < columns; c += THREADS) sum_of_squares += from[c] * from[c];
  sum_of_squares = reduce_block<Add, THREADS>(sum_of_squares, partial);

  float scale = 1.0f / sqrtf(sum_of_squares / static_cast<float>(columns) + epsilon);
  for (int c = threadIdx.x; c < columns; c += THREADS) to[c] = from[c] * scale * weight[c];
}
