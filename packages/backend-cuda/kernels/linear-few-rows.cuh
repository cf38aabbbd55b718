// A matrix product for few rows, where the weight's bytes are all that counts.
//
//   y[r, o] = activation(scale · sum over i of weight[o, i] · x[r, i] + bias[o]) + residual[r, o]
//
// A warp takes OUTPUTS rows of the weight against ROWS rows of x. Its lanes stride through the columns a chunk of
// 16 bytes at a time, so that a warp reads 512 bytes in a row; each piece of x, which the L1 cache holds, is used
// for all outputs. The lanes' sums are added by shuffles. Rows of x are aligned, and zeros follow them to the end
// of a chunk: `pad_rows` makes such rows of others.
//
// A lone row may come before its root-mean-square norm, which every warp then finds on its way:
//
//   y[o] = … sum over i of weight[o, i] · norm_weight[i] · x[i] / sqrt(mean over i of x[i]² + epsilon) …
#pragma once
#include "formats.cuh"
#include "linear-output.cuh"
#include "reduce.cuh"

constexpr int FEW_ROWS_THREADS = 128;

#define FEW_ROWS_PARAMETERS                                                                          \
  const int *rows, const float *x, int x_stride, const uint8_t *weight, int columns, int outputs, \
      LINEAR_OUTPUT_PARAMETERS
#define FEW_ROWS_ARGUMENTS rows, x, x_stride, weight, columns, outputs, LINEAR_OUTPUT_ARGUMENTS

/// Stores a warp's sums, of which every lane has its own part.
template <int ROWS, int OUTPUTS>
static __device__ __forceinline__ void store_sums(const float (&sums)[ROWS][OUTPUTS], int first_row, int row_count,
                                                  int first_output, int outputs, LINEAR_OUTPUT_PARAMETERS) {
  static_assert(ROWS * OUTPUTS <= 32);
  const int lane = threadIdx.x % 32;
  float own = 0;
#pragma unroll
  for (int i = 0; i < ROWS * OUTPUTS; i++) {
    const float sum = reduce_warp<Add>(sums[i / OUTPUTS][i % OUTPUTS]);
    if (lane == i) own = sum;
  }
  const int row = first_row + lane / OUTPUTS, output = first_output + lane % OUTPUTS;
  if (lane < ROWS * OUTPUTS && row < row_count && output < outputs) {
    store_output(row, output, own, LINEAR_OUTPUT_ARGUMENTS);
  }
}

/// The grid counts tiles of outputs in x, of rows in y.
template <class Format, int ROWS, int OUTPUTS, bool IS_NORMED = false>
static __device__ __forceinline__ void linear_few_rows(FEW_ROWS_PARAMETERS, const float* norm_weight = nullptr,
                                                       float epsilon = 0) {
  const int lane = threadIdx.x % 32;
  const int first_output = (blockIdx.x * (FEW_ROWS_THREADS / 32) + threadIdx.x / 32) * OUTPUTS;
  const int first_row = blockIdx.y * ROWS;
  const int row_count = *rows;
  if (first_output >= outputs || first_row >= row_count) return;

  const size_t row_bytes = Format::row_bytes(columns);
  const uint8_t* weight_rows[OUTPUTS];
#pragma unroll
  for (int o = 0; o < OUTPUTS; o++) weight_rows[o] = weight + min(first_output + o, outputs - 1) * row_bytes;

  float sums[ROWS][OUTPUTS] = {}, squares = 0;
  const int chunks = Format::chunks(columns);
#pragma unroll(ROWS == 1 ? 2 : 1)
  for (int chunk = lane; chunk < chunks; chunk += 32) {
    float values[OUTPUTS][Format::VALUES];
#pragma unroll
    for (int o = 0; o < OUTPUTS; o++) Format::chunk(weight_rows[o], columns, chunk, values[o]);
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      // Rows past the last are computed as the last, and not stored.
      const float* row = row_of(x, min(first_row + r, row_count - 1), x_stride) + chunk * Format::VALUES;
#pragma unroll
      for (int i = 0; i < Format::VALUES; i += 4) {
        float4 input = __ldg(reinterpret_cast<const float4*>(row + i));
        if constexpr (IS_NORMED) {
          squares += input.x * input.x + input.y * input.y + input.z * input.z + input.w * input.w;
          const float4 factor = __ldg(reinterpret_cast<const float4*>(norm_weight + chunk * Format::VALUES + i));
          input = make_float4(input.x * factor.x, input.y * factor.y, input.z * factor.z, input.w * factor.w);
        }
#pragma unroll
        for (int o = 0; o < OUTPUTS; o++) {
          const float* value = values[o] + i;
          sums[r][o] += value[0] * input.x + value[1] * input.y + value[2] * input.z + value[3] * input.w;
        }
      }
    }
  }
  if constexpr (IS_NORMED) scale /= sqrtf(reduce_warp<Add>(squares) / static_cast<float>(columns) + epsilon);
  store_sums<ROWS, OUTPUTS>(sums, first_row, row_count, first_output, outputs, LINEAR_OUTPUT_ARGUMENTS);
}

#define LINEAR_FEW_ROWS(name, Format)                                                                                \
  KERNEL(linear_few_rows_##name##_1, FEW_ROWS_THREADS, FEW_ROWS_PARAMETERS) {                                        \
    linear_few_rows<Format, 1, 2>(FEW_ROWS_ARGUMENTS);                                                               \
  }                                                                                                                  \
  KERNEL(linear_few_rows_##name##_1_normed, FEW_ROWS_THREADS, FEW_ROWS_PARAMETERS, const float* norm_weight,         \
         float epsilon) {                                                                                            \
    linear_few_rows<Format, 1, 2, true>(FEW_ROWS_ARGUMENTS, norm_weight, epsilon);                                   \
  }                                                                                                                  \
  KERNEL(linear_few_rows_##name##_4, FEW_ROWS_THREADS, FEW_ROWS_PARAMETERS) {                                        \
    linear_few_rows<Format, 4, 4>(FEW_ROWS_ARGUMENTS);                                                               \
  }                                                                                                                  \
  KERNEL(linear_few_rows_##name##_8, FEW_ROWS_THREADS, FEW_ROWS_PARAMETERS) {                                        \
    linear_few_rows<Format, 8, 4>(FEW_ROWS_ARGUMENTS);                                                               \
  }
