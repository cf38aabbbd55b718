// Rows of activations as bytes, with a scale for each 32 of them, for products with integers.
//
//   d = max |x| / 127        q = round(x / d)        x ≈ d · q
//
// A row is planes, of which each has something of every chunk of 32 values: the first 16 bytes, the last 16, the
// scale in f32, and the sums of both halves' bytes, two in a word. So neighbouring lanes read neighbouring vectors.
// Four lanes take a chunk.
//
// `quantize_row_q8_1` of ggml.
#pragma once
#include "kernel.cuh"

struct QuantizedRow {
  uint8_t* base;
  int chunks;
  static __device__ __forceinline__ int bytes(int columns) { return ((columns + 31) / 32 * 40 + 15) / 16 * 16; }
  __device__ __forceinline__ uint4* quants(int half, int chunk) const {
    return reinterpret_cast<uint4*>(base) + half * chunks + chunk;
  }
  __device__ __forceinline__ float* scale(int chunk) const {
    return reinterpret_cast<float*>(base + 32 * chunks) + chunk;
  }
  __device__ __forceinline__ int* sums(int chunk) const {
    return reinterpret_cast<int*>(base + 36 * chunks) + chunk;
  }
};

/// Eight values of a row, zeros past its end.
static __device__ __forceinline__ void load_eight(const float* row, int first, int columns, bool is_aligned,
                                                  float (&values)[8]) {
  if (is_aligned && first + 8 <= columns) {
    const float4 four = *reinterpret_cast<const float4*>(row + first);
    const float4 next = *reinterpret_cast<const float4*>(row + first + 4);
    values[0] = four.x, values[1] = four.y, values[2] = four.z, values[3] = four.w;
    values[4] = next.x, values[5] = next.y, values[6] = next.z, values[7] = next.w;
    return;
  }
#pragma unroll
  for (int i = 0; i < 8; i++) values[i] = first + i < columns ? row[first + i] : 0.0f;
}

/// Chunks that a thread takes a quarter of together: so many loads are under way at a time.
constexpr int CHUNKS_AT_ONCE = 4;

/// Four lanes make bytes of a chunk, eight values each.
static __device__ __forceinline__ void quantize_chunk(const float (&values)[8], QuantizedRow to, int chunk) {
  const int quarter = threadIdx.x % 4;
  float largest = 0;
#pragma unroll
  for (int i = 0; i < 8; i++) largest = fmaxf(largest, fabsf(values[i]));
  largest = fmaxf(largest, __shfl_xor_sync(ALL_LANES, largest, 1));
  largest = fmaxf(largest, __shfl_xor_sync(ALL_LANES, largest, 2));
  const float inverse = largest > 0 ? 127.0f / largest : 0.0f;

  unsigned words[2] = {};
  int sum = 0;
#pragma unroll
  for (int i = 0; i < 8; i++) {
    const int q = static_cast<int>(rintf(values[i] * inverse));
    sum += q;
    words[i / 4] |= (q & 0xffu) << (8 * (i % 4));
  }
  sum += __shfl_xor_sync(ALL_LANES, sum, 1);
  const int other_sum = __shfl_xor_sync(ALL_LANES, sum, 2);
  if (chunk >= to.chunks) return;
  reinterpret_cast<uint2*>(to.quants(quarter / 2, chunk))[quarter % 2] = make_uint2(words[0], words[1]);
  if (quarter == 0) {
    *to.scale(chunk) = largest / 127.0f;
    *to.sums(chunk) = (sum & 0xffff) | other_sum << 16;
  }
}

/// All threads of a block take part, THREADS of them. Where there are factors, x is scale · row · factors.
template <int THREADS>
static __device__ __forceinline__ void quantize_row(const float* row, int columns, bool is_aligned, QuantizedRow to,
                                                    const float* factors = nullptr, float scale = 1) {
  const int thread = threadIdx.x;
#pragma unroll 1
  for (int first = thread / 4; first - thread / 4 < to.chunks; first += CHUNKS_AT_ONCE * THREADS / 4) {
    float values[CHUNKS_AT_ONCE][8];
#pragma unroll
    for (int k = 0; k < CHUNKS_AT_ONCE; k++) {
      const int chunk = first + k * THREADS / 4;
      const int column = chunk < to.chunks ? 32 * chunk + 8 * (thread % 4) : columns;
      load_eight(row, column, columns, is_aligned, values[k]);
      if (!factors) continue;
      float of_values[8];
      load_eight(factors, column, columns, true, of_values);
#pragma unroll
      for (int i = 0; i < 8; i++) values[k][i] = values[k][i] * scale * of_values[i];
    }
#pragma unroll
    for (int k = 0; k < CHUNKS_AT_ONCE; k++) quantize_chunk(values[k], to, first + k * THREADS / 4);
  }
}
