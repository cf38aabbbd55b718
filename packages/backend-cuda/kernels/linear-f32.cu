// Matrix products with a weight in f32: for few rows, and for many.
//
//   y[r, o] = activation(scale · sum over i of weight[o, i] · x[r, i] + bias[o]) + residual[r, o]
//
// For many rows a block takes 64 outputs against 64 rows, 16 columns at a time in shared memory, and each thread
// 4 × 4 of the sums. No tensor core keeps all bits of an f32, and weights that are worth speed are not f32.
#include "linear-few-rows.cuh"

LINEAR_FEW_ROWS(f32, F32)

constexpr int TILE = 64, DEPTH = 16, OWN = 4;
/// From column to column of a tile: sixteen bytes more than there are, for banks.
constexpr int STRIDE = TILE + 4;

/// Four columns of a row of a tile, transposed.
static __device__ __forceinline__ void store_transposed(float (&tile)[DEPTH][STRIDE], int row, int column, float4 four) {
  tile[column][row] = four.x;
  tile[column + 1][row] = four.y;
  tile[column + 2][row] = four.z;
  tile[column + 3][row] = four.w;
}

/// The grid counts tiles of outputs in x, of rows in y. Rows of x are as `linear_few_rows` wants them.
KERNEL(linear_tiled_f32, 256, FEW_ROWS_PARAMETERS) {
  __align__(16) __shared__ float weights[DEPTH][STRIDE];
  __align__(16) __shared__ float inputs[DEPTH][STRIDE];
  const int row_count = *rows, first_row = blockIdx.y * TILE, first_output = blockIdx.x * TILE;
  if (first_row >= row_count) return;

  const int row_of_tile = threadIdx.x / 4, column_of_tile = threadIdx.x % 4 * 4;
  const uint8_t* weight_row = weight + min(first_output + row_of_tile, outputs - 1) * F32::row_bytes(columns);
  const float* input_row = row_of(x, min(first_row + row_of_tile, row_count - 1), x_stride);
  const int own_output = threadIdx.x % 16 * OWN, own_row = threadIdx.x / 16 * OWN;

  float sums[OWN][OWN] = {};
  const int chunks = F32::chunks(columns);
  for (int first = 0; first < columns; first += DEPTH) {
    const int chunk = (first + column_of_tile) / 4;
    float values[4] = {};
    float4 input = make_float4(0, 0, 0, 0);
    if (chunk < chunks) {
      F32::chunk(weight_row, columns, chunk, values);
      input = __ldg(reinterpret_cast<const float4*>(input_row) + chunk);
    }
    store_transposed(weights, row_of_tile, column_of_tile, make_float4(values[0], values[1], values[2], values[3]));
    store_transposed(inputs, row_of_tile, column_of_tile, input);
    __syncthreads();
#pragma unroll
    for (int column = 0; column < DEPTH; column++) {
      const float4 w = *reinterpret_cast<const float4*>(&weights[column][own_output]);
      const float4 v = *reinterpret_cast<const float4*>(&inputs[column][own_row]);
      const float by_output[OWN] = {w.x, w.y, w.z, w.w}, by_row[OWN] = {v.x, v.y, v.z, v.w};
#pragma unroll
      for (int i = 0; i < OWN * OWN; i++) sums[i / OWN][i % OWN] += by_row[i / OWN] * by_output[i % OWN];
    }
    __syncthreads();
  }

#pragma unroll
  for (int i = 0; i < OWN * OWN; i++) {
    const int row = first_row + own_row + i / OWN, output = first_output + own_output + i % OWN;
    if (row < row_count && output < outputs) store_output(row, output, sums[i / OWN][i % OWN], LINEAR_OUTPUT_ARGUMENTS);
  }
}
