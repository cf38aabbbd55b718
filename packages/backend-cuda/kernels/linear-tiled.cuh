// A matrix product for many rows, on tensor cores.
//
//   y[r, o] = activation(scale · row_scale[r] · sum over i of weight[o, i] · x[r, i] + bias[o]) + residual[r, o]
//
// x comes as TERMS 16-bit floats that add up to it (`pack_rows`), so that no more is rounded away than the format of
// the weight deserves: two terms where the weight is 16 bits, one where it is fewer.
//
// A block takes TILE_OUTPUTS rows of the weight against ROWS rows of x, TILE_DEPTH columns at a time, in two buffers:
// while one is multiplied, the other is filled. Its eight warps share the tile out, [16 · M, 8 · N] each. Where rows
// are few, z counts parts of the columns, whose sums `linear_join` adds.
//
// Markidis et al. 2018, arXiv:1803.04014, for products of rounded terms.
#pragma once
#include "linear-output.cuh"
#include "weight-tile.cuh"

/// x counts tiles of rows and y those of outputs, so that blocks that run at one time share the weight's bytes.
#define TILED_PARAMETERS                                                                                        \
  const int *rows, const unsigned short *x, int packed_columns, int term_stride, const float *row_scale,    \
      const uint8_t *weight, int columns, int outputs, float *partial, LINEAR_OUTPUT_PARAMETERS
#define TILED_ARGUMENTS                                                                                       \
  rows, x, packed_columns, term_stride, row_scale, weight, columns, outputs, partial, LINEAR_OUTPUT_ARGUMENTS

constexpr int SUMS_STRIDE = TILE_OUTPUTS + 4;

/// Starts to copy a tile of each term of x.
template <int ROWS, int TERMS>
static __device__ __forceinline__ void load_inputs(const unsigned short* x, int packed_columns, int term_stride,
                                                   int first_row, int row_count, int step, unsigned short* tile) {
  constexpr int VECTORS = TILE_DEPTH / 8;
#pragma unroll
  for (int i = threadIdx.x; i < TERMS * ROWS * VECTORS; i += TILED_THREADS) {
    const int term = i / (ROWS * VECTORS), r = i / VECTORS % ROWS, vector = i % VECTORS;
    // Rows past the last are computed as the last, and not stored.
    const int row = term * term_stride + min(first_row + r, row_count - 1);
    copy_async(tile + (term * ROWS + r) * TILE_STRIDE + 8 * vector,
               row_of(x, row, packed_columns) + step * TILE_DEPTH + 8 * vector, true);
  }
}

template <class WeightTile, int TERMS, int ROWS>
static __device__ __forceinline__ void linear_tiled(TILED_PARAMETERS) {
  constexpr int WARPS_OF_ROWS = ROWS / 32 < 2 ? 1 : 2, WARPS_OF_OUTPUTS = 8 / WARPS_OF_ROWS;
  constexpr int M = TILE_OUTPUTS / WARPS_OF_OUTPUTS / 16, N = ROWS / WARPS_OF_ROWS / 8;
  constexpr int BUFFER = (TILE_OUTPUTS + TERMS * ROWS) * TILE_STRIDE;
  DYNAMIC_SHARED(unsigned short, buffers);

  const int row_count = *rows;
  const int first_row = blockIdx.x * ROWS, first_output = blockIdx.y * TILE_OUTPUTS;
  if (first_row >= row_count) return;
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int warp_output = warp % WARPS_OF_OUTPUTS * 16 * M, warp_row = warp / WARPS_OF_OUTPUTS * 8 * N;

  const int steps = packed_columns / TILE_DEPTH;
  const int first_step = static_cast<int>(static_cast<long long>(steps) * blockIdx.z / gridDim.z);
  const int end_step = static_cast<int>(static_cast<long long>(steps) * (blockIdx.z + 1) / gridDim.z);

  WeightTile weights;
  float sums[M][N][4] = {};
  weights.load(weight, first_output, outputs, columns, first_step, buffers);
  load_inputs<ROWS, TERMS>(x, packed_columns, term_stride, first_row, row_count, first_step,
                           buffers + TILE_OUTPUTS * TILE_STRIDE);
  commit_copies();
  weights.store(buffers);

#pragma unroll 1
  for (int step = first_step; step < end_step; step++) {
    unsigned short* own = buffers + (step - first_step) % 2 * BUFFER;
    unsigned short* next = buffers + (step - first_step + 1) % 2 * BUFFER;
    if (step + 1 < end_step) {
      weights.load(weight, first_output, outputs, columns, step + 1, next);
      load_inputs<ROWS, TERMS>(x, packed_columns, term_stride, first_row, row_count, step + 1,
                               next + TILE_OUTPUTS * TILE_STRIDE);
    }
    commit_copies();
    wait_for_copies<1>();
    __syncthreads();

#pragma unroll
    for (int depth = 0; depth < TILE_DEPTH; depth += 16) {
      unsigned a[M][4];
#pragma unroll
      for (int m = 0; m < M; m++) {
        load_matrices(a[m], own + (warp_output + 16 * m + lane % 16) * TILE_STRIDE + depth + lane / 16 * 8);
      }
#pragma unroll
      for (int term = 0; term < TERMS; term++) {
        const unsigned short* inputs = own + (TILE_OUTPUTS + term * ROWS) * TILE_STRIDE;
#pragma unroll
        for (int n = 0; n < N; n += 2) {
          unsigned b[4];
          load_matrices(b, inputs + (warp_row + 8 * n + lane % 8 + lane / 16 * 8) * TILE_STRIDE + depth +
                               lane / 8 % 2 * 8);
#pragma unroll
          for (int m = 0; m < M; m++) {
            mma_16x8x16<typename WeightTile::Value>(sums[m][n], a[m], {b[0], b[1]});
            mma_16x8x16<typename WeightTile::Value>(sums[m][n + 1], a[m], {b[2], b[3]});
          }
        }
      }
    }
    if (step + 1 < end_step) weights.store(next);
    __syncthreads();
  }

  // Through shared memory, so that neighbouring threads store neighbouring outputs.
  float* tile = reinterpret_cast<float*>(buffers);
#pragma unroll
  for (int m = 0; m < M; m++) {
#pragma unroll
    for (int n = 0; n < N; n++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const int output = warp_output + 16 * m + lane / 4 + i / 2 * 8, row = warp_row + 8 * n + lane % 4 * 2 + i % 2;
        tile[row * SUMS_STRIDE + output] = sums[m][n][i];
      }
    }
  }
  __syncthreads();
#pragma unroll 1
  for (int i = threadIdx.x; i < ROWS * TILE_OUTPUTS; i += TILED_THREADS) {
    const int row = first_row + i / TILE_OUTPUTS, output = first_output + i % TILE_OUTPUTS;
    if (row >= row_count || output >= outputs) continue;
    float sum = tile[i / TILE_OUTPUTS * SUMS_STRIDE + i % TILE_OUTPUTS];
    if (row_scale) sum *= row_scale[row];
    if (gridDim.z > 1) row_of(partial, static_cast<int>(blockIdx.z) * row_count + row, outputs)[output] = sum;
    else store_output(row, output, sum, LINEAR_OUTPUT_ARGUMENTS);
  }
}

#define LINEAR_TILED(name, Tile, TERMS)                                                                           \
  KERNEL(linear_tiled_##name##_##TERMS##_32, TILED_THREADS, TILED_PARAMETERS) {                                \
    linear_tiled<Tile, TERMS, 32>(TILED_ARGUMENTS);                                                               \
  }                                                                                                               \
  KERNEL(linear_tiled_##name##_##TERMS##_128, TILED_THREADS, TILED_PARAMETERS) {                               \
    linear_tiled<Tile, TERMS, 128>(TILED_ARGUMENTS);                                                              \
  }
