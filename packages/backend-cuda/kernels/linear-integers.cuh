// A matrix product for few rows, of a weight in blocks of integers with activations as bytes.
//
//   y[r, o] = activation(scale · sum over chunks of d · sum over halves h of
//                        (scale[h] · sum of q · x + offset[h] · sum of x) + bias[o]) + residual[r, o]
//
// q and x are bytes and their sums exact; four products are one instruction (dp4a). A warp takes OUTPUTS rows of the
// weight against ROWS rows of x, a lane a chunk of 32 values. A lone row is made bytes of by every block itself,
// into shared memory, since another launch would take longer; `quantize_rows` does it for more, and
// `normalize_and_quantize` for those that a norm has left.
//
// Dettmers et al. 2022, arXiv:2208.07339, for products of bytes with scales of parts of both vectors.
#pragma once
#include "integer-formats.cuh"
#include "linear-few-rows.cuh"
#include "quantize-rows.cuh"

/// More for a lone row, since every block makes bytes of it.
constexpr int LONE_ROW_THREADS = 256;

#define INTEGERS_PARAMETERS                                                                                     \
  const int *rows, const float *x, int x_stride, int is_aligned, uint8_t *quantized, const uint8_t *weight, \
      int columns, int outputs, LINEAR_OUTPUT_PARAMETERS
#define INTEGERS_ARGUMENTS \
  rows, x, x_stride, is_aligned, quantized, weight, columns, outputs, LINEAR_OUTPUT_ARGUMENTS

static __device__ __forceinline__ int dot_sixteen(const int* quants, uint4 x) {
  int sum = __dp4a(quants[0], static_cast<int>(x.x), 0);
  sum = __dp4a(quants[1], static_cast<int>(x.y), sum);
  sum = __dp4a(quants[2], static_cast<int>(x.z), sum);
  return __dp4a(quants[3], static_cast<int>(x.w), sum);
}

/// The grid counts tiles of outputs in x, of rows in y. Without `quantized` a lone row is taken from x.
template <class Format, int THREADS, int ROWS, int OUTPUTS>
static __device__ __forceinline__ void linear_integers(INTEGERS_PARAMETERS) {
  const int lane = threadIdx.x % 32;
  const int first_output = (blockIdx.x * (THREADS / 32) + threadIdx.x / 32) * OUTPUTS;
  const int first_row = blockIdx.y * ROWS;
  const int row_count = *rows;
  if (first_row >= row_count) return;

  const int chunks = Format::chunks(columns);
  if constexpr (ROWS == 1) {
    if (!quantized) {
      DYNAMIC_SHARED(uint8_t, own);
      quantized = own;
      quantize_row<THREADS>(row_of(x, first_row, x_stride), columns, is_aligned, {own, chunks});
      __syncthreads();
    }
  }
  if (first_output >= outputs) return;

  const size_t row_bytes = Format::row_bytes(columns);
  const uint8_t* weight_rows[OUTPUTS];
#pragma unroll
  for (int o = 0; o < OUTPUTS; o++) weight_rows[o] = weight + min(first_output + o, outputs - 1) * row_bytes;

  float sums[ROWS][OUTPUTS] = {};
#pragma unroll(ROWS == 1 ? 2 : 1)
  for (int chunk = lane; chunk < chunks; chunk += 32) {
    IntegerChunk integers[OUTPUTS];
#pragma unroll
    for (int o = 0; o < OUTPUTS; o++) Format::load(weight_rows[o], columns, chunk, integers[o]);
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      // Rows past the last are computed as the last, and not stored.
      const int row = ROWS == 1 ? 0 : min(first_row + r, row_count - 1);
      const QuantizedRow input{row_of(quantized, row, QuantizedRow::bytes(columns)), chunks};
      const uint4 first = *input.quants(0, chunk), last = *input.quants(1, chunk);
      const float d = *input.scale(chunk);
      const int x_sums = Format::HAS_OFFSET ? *input.sums(chunk) : 0;
#pragma unroll
      for (int o = 0; o < OUTPUTS; o++) {
        const IntegerChunk& own = integers[o];
        float sum = own.scale[0] * dot_sixteen(own.quants, first) + own.scale[1] * dot_sixteen(own.quants + 4, last);
        if (Format::HAS_OFFSET) {
          sum += own.offset[0] * static_cast<short>(x_sums & 0xffff) + own.offset[1] * (x_sums >> 16);
        }
        sums[r][o] += d * sum;
      }
    }
  }
  store_sums<ROWS, OUTPUTS>(sums, first_row, row_count, first_output, outputs, LINEAR_OUTPUT_ARGUMENTS);
}

#define LINEAR_INTEGERS(name, Format)                                                         \
  KERNEL(linear_few_rows_##name##_1, LONE_ROW_THREADS, INTEGERS_PARAMETERS) {              \
    linear_integers<Format, LONE_ROW_THREADS, 1, 4>(INTEGERS_ARGUMENTS);                      \
  }                                                                                           \
  KERNEL(linear_few_rows_##name##_8, FEW_ROWS_THREADS, INTEGERS_PARAMETERS) {              \
    linear_integers<Format, FEW_ROWS_THREADS, 8, 2>(INTEGERS_ARGUMENTS);                      \
  }
