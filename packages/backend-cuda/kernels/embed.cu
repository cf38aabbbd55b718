// output[r] = scale · table[token[r]], and zeros where the token is −1
//
// Each thread decodes one chunk of a row.
#include "integer-formats.cuh"

/// The grid counts chunks in x and rows in y.
template <class Format>
__device__ void embed(const int* rows, const uint8_t* table, float scale, int row_bytes, const int* token, int token_stride,
                      float* output, int output_stride, int columns) {
  int chunk = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y, first = chunk * Format::VALUES;
  if (row >= *rows || first >= columns) return;
  int id = *row_of(token, row, token_stride);
  float values[Format::VALUES] = {};
  if (id >= 0) Format::chunk(row_of(table, id, row_bytes), columns, chunk, values);
  float* to = row_of(output, row, output_stride) + first;
#pragma unroll
  for (int i = 0; i < Format::VALUES; i++) if (first + i < columns) to[i] = scale * values[i];
}

#define EMBED(format, Format)                                                                                  \
  KERNEL(embed_##format, 64, const int* rows, const uint8_t* table, float scale, int row_bytes, const int* token,           \
         int token_stride, float* output, int output_stride, int columns) {                                    \
    embed<Format>(rows, table, scale, row_bytes, token, token_stride, output, output_stride, columns);                \
  }

EMBED(f32, F32)
EMBED(f16, F16)
EMBED(bf16, Bf16)
EMBED(fp8_e4m3, Fp8E4M3)
EMBED(q8_0, Integers<Q8_0>)
EMBED(q4_0, Integers<Q4_0>)
EMBED(q4_1, Integers<Q4_1>)
EMBED(q5_0, Integers<Q5_0>)
EMBED(q5_1, Integers<Q5_1>)
EMBED(q2_k, Integers<Q2K>)
EMBED(q3_k, Integers<Q3K>)
EMBED(q4_k, Integers<Q4K>)
EMBED(q5_k, Integers<Q5K>)
EMBED(q6_k, Integers<Q6K>)
EMBED(iq4_nl, Integers<Iq4Nl>)
EMBED(mxfp4, Integers<Mxfp4>)
EMBED(nvfp4, Integers<Nvfp4>)
