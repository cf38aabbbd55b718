// By which logits become log-probabilities.
//
//   log_sum_exp   output[r] = log(sum over t of exp(logits[r, t])), the largest logit taken out of the sum first
//   token_logit   output[r] = logits[r, token[r]], and −∞ where the token is −1
#include "reduce.cuh"

constexpr int THREADS = 512;

/// One block takes one row.
KERNEL(log_sum_exp, THREADS, const int* output_rows, const float* logits, float* output, int output_stride,
       int vocabulary) {
  if (static_cast<int>(blockIdx.x) >= *output_rows) return;
  __shared__ float maxima[THREADS / 32], sums[THREADS / 32];
  const float* row = row_of(logits, blockIdx.x, vocabulary);

  float largest = -INFINITY;
#pragma unroll 8
  for (int t = threadIdx.x; t < vocabulary; t += THREADS) largest = fmaxf(largest, row[t]);
  largest = reduce_block<Larger, THREADS>(largest, maxima);

  float sum = 0;
#pragma unroll 8
  for (int t = threadIdx.x; t < vocabulary; t += THREADS) sum += row[t] == -INFINITY ? 0.0f : expf(row[t] - largest);
  sum = reduce_block<Add, THREADS>(sum, sums);
  if (threadIdx.x == 0) *row_of(output, blockIdx.x, output_stride) = largest + logf(sum);
}

KERNEL(token_logit, 64, const int* output_rows, const float* logits, const int* token, int token_stride, float* output,
       int output_stride, int vocabulary) {
  int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row >= *output_rows) return;
  int id = *row_of(token, row, token_stride);
  *row_of(output, row, output_stride) = id < 0 ? -INFINITY : row_of(logits, row, vocabulary)[id];
}
