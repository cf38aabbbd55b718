// What a GPU can do at most, to hold the other kernels against: read memory, and multiply on tensor cores. Of no use
// to a model.
#include "instructions.cuh"

constexpr int THREADS = 256, LOADS = 8;

/// Reads vectors of 16 bytes, LOADS of them under way in each thread, and leaves what they are together, so that none
/// is left out. The grid strides through all of them.
KERNEL(read_vectors, THREADS, const uint4* from, int64_t vectors, unsigned* found) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * THREADS, thread = blockIdx.x * THREADS + threadIdx.x;
  unsigned together = 0;
  for (int64_t first = thread; first < vectors; first += LOADS * stride) {
    uint4 read[LOADS];
#pragma unroll
    for (int k = 0; k < LOADS; k++) {
      const int64_t at = first + k * stride;
      read[k] = at < vectors ? __ldg(from + at) : make_uint4(0, 0, 0, 0);
    }
#pragma unroll
    for (int k = 0; k < LOADS; k++) together ^= read[k].x ^ read[k].y ^ read[k].z ^ read[k].w;
  }
  found[thread] = together;
}

/// Products of [16, 16] and [16, 8] in bf16, PRODUCTS of them under way in each warp, none of which needs memory:
/// 4096 operations each.
constexpr int PRODUCTS = 8;
KERNEL(multiply_tiles, THREADS, int rounds, float* found) {
  const unsigned one = 0x3f803f80u + threadIdx.x;
  const unsigned a[4] = {one, one + 1, one + 2, one + 3}, b[2] = {one, one + 1};
  float sums[PRODUCTS][4] = {};
#pragma unroll 1
  for (int round = 0; round < rounds; round++) {
#pragma unroll
    for (int k = 0; k < PRODUCTS; k++) mma_16x8x16<__nv_bfloat16>(sums[k], a, b);
  }
  float together = 0;
#pragma unroll
  for (int i = 0; i < 4 * PRODUCTS; i++) together += sums[i / 4][i % 4];
  found[blockIdx.x * THREADS + threadIdx.x] = together;
}
