// output[r] = table[token[r]], and zeros where the token is −1
//
// Each thread decodes one chunk of a row.
#include "formats.cuh"

/// The grid counts chunks in x and rows in y.
template <class Format>
__device__ void embed(const int* rows, const uint8_t* table, int row_bytes, const int* token, int token_stride,
                      float* output, int output_stride, int columns) {
  int chunk = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y, first = chunk * Format::VALUES;
  if (row >= *rows || first >= columns) return;
  int id = *row_of(token, row, token_stride);
  float values[Format::VALUES] = {};
  if (id >= 0) Format::chunk(row_of(table, id, row_bytes), columns, chunk, values);
  float* to = row_of(output, row, output_stride) + first;
#pragma unroll
  for (int i = 0; i < Format::VALUES; i++) if (first + i < columns) to[i] = values[i];
}

#define EMBED(format, Format)                                                                                  \
  KERNEL(embed_##format, 64, const int* rows, const uint8_t* table, int row_bytes, const int* token,           \
         int token_stride, float* output, int output_stride, int columns) {                                    \
    embed<Format>(rows, table, row_bytes, token, token_stride, output, output_stride, columns);                \
  }

EMBED(f32, F32)
EMBED(f16, F16)
EMBED(bf16, Bf16)
