// Activations in the form in which a matrix product reads them.
#include "quantize-rows.cuh"
#include "reduce.cuh"

/// Rows that begin at whole vectors and end with zeros. The grid counts columns in x, rows in y.
KERNEL(pad_rows, 256, const int* rows, const float* x, int x_stride, int columns, float* padded, int padded_columns) {
  const int row = blockIdx.y, column = blockIdx.x * 256 + threadIdx.x;
  if (row >= *rows || column >= padded_columns) return;
  row_of(padded, row, padded_columns)[column] = column < columns ? row_of(x, row, x_stride)[column] : 0.0f;
}

/// Rows as bytes; the grid counts rows.
KERNEL(quantize_rows, 256, const int* rows, const float* x, int x_stride, int is_aligned, int columns,
       uint8_t* quantized) {
  const int row = blockIdx.x;
  if (row >= *rows) return;
  const QuantizedRow to{row_of(quantized, row, QuantizedRow::bytes(columns)), (columns + 31) / 32};
  quantize_row<256>(row_of(x, row, x_stride), columns, is_aligned, to);
}

/// Rows as bytes after their root-mean-square norm, as `rms_norm` computes it; the grid counts rows.
KERNEL(normalize_and_quantize, 512, const int* rows, const float* x, int x_stride, int is_aligned, const float* weight,
       int columns, float epsilon, uint8_t* quantized) {
  __shared__ float partial[16];
  const int row = blockIdx.x;
  if (row >= *rows) return;
  const float* from = row_of(x, row, x_stride);
  float sum_of_squares = 0;
  for (int c = threadIdx.x; c < columns; c += 512) sum_of_squares += from[c] * from[c];
  sum_of_squares = reduce_block<Add, 512>(sum_of_squares, partial);
  const float scale = 1.0f / sqrtf(sum_of_squares / static_cast<float>(columns) + epsilon);
  const QuantizedRow to{row_of(quantized, row, QuantizedRow::bytes(columns)), (columns + 31) / 32};
  quantize_row<512>(from, columns, is_aligned, to, weight, scale);
}

static __device__ __forceinline__ unsigned short bits_of(__half value) { return __half_as_ushort(value); }
static __device__ __forceinline__ unsigned short bits_of(__nv_bfloat16 value) { return __bfloat16_as_ushort(value); }
static __device__ __forceinline__ float widened(__half value) { return __half2float(value); }
static __device__ __forceinline__ float widened(__nv_bfloat16 value) { return __bfloat162float(value); }
template <class T> static __device__ T narrowed(float value);
template <> __device__ __forceinline__ __half narrowed<__half>(float value) { return __float2half_rn(value); }
template <> __device__ __forceinline__ __nv_bfloat16 narrowed<__nv_bfloat16>(float value) {
  return __float2bfloat16_rn(value);
}

/// Rows as sums of TERMS 16-bit floats, each the rounded rest of those before it:
///
///   x[r, c] ≈ row_scale[r] · sum over k of packed[k, r, c]
///
/// The scale is a power of two that puts the row's largest magnitude between 2¹⁴ and 2¹⁵, where f16 has the most
/// room below it; bf16 needs none. Two terms of f16 are 22 bits, two of bf16 are 16. The grid counts rows; the
/// terms of all rows of the bucket lie `term_stride` apart.
template <class T, int TERMS>
static __device__ __forceinline__ void pack_rows(const int* rows, const float* x, int x_stride, int columns,
                                                 unsigned short* packed, int packed_columns, int term_stride,
                                                 float* row_scale) {
  __shared__ float partial[8];
  const int row = blockIdx.x;
  if (row >= *rows) return;
  const float* from = row_of(x, row, x_stride);
  float inverse = 1;
  if constexpr (std::is_same_v<T, __half>) {
    float largest = 0;
    for (int column = threadIdx.x; column < columns; column += 256) largest = fmaxf(largest, fabsf(from[column]));
    largest = reduce_block<Larger, 256>(largest, partial);
    const int exponent = static_cast<int>(__float_as_uint(largest) >> 23) - 127 - 14;
    // Powers of two between 2⁻¹⁰⁰ and 2¹¹⁴, so that their inverses are numbers too.
    const int bounded = largest > 0 ? max(exponent, -100) : 0;
    inverse = __uint_as_float(static_cast<unsigned>(127 - bounded) << 23);
    if (threadIdx.x == 0) row_scale[row] = __uint_as_float(static_cast<unsigned>(127 + bounded) << 23);
  }
  for (int column = threadIdx.x; column < packed_columns; column += 256) {
    float rest = column < columns ? inverse * from[column] : 0.0f;
#pragma unroll
    for (int k = 0; k < TERMS; k++) {
      const T term = narrowed<T>(rest);
      rest -= widened(term);
      row_of(packed, k * term_stride + row, packed_columns)[column] = bits_of(term);
    }
  }
}

#define PACK_ROWS(name, T, TERMS)                                                                              \
  KERNEL(pack_rows_##name##_##TERMS, 256, const int* rows, const float* x, int x_stride, int columns,       \
         unsigned short* packed, int packed_columns, int term_stride, float* row_scale) {                      \
    pack_rows<T, TERMS>(rows, x, x_stride, columns, packed, packed_columns, term_stride, row_scale);           \
  }

PACK_ROWS(f16, __half, 1)
PACK_ROWS(f16, __half, 2)
PACK_ROWS(bf16, __nv_bfloat16, 1)
PACK_ROWS(bf16, __nv_bfloat16, 2)
