// Keys and values in pages of PAGE_SIZE positions: [pages, PAGE_SIZE, key_value_heads, head_dim].
#pragma once
#include "kernel.cuh"

constexpr int PAGE_SIZE = 32;
/// Rows that one block of `attention_tiles` takes, if they are all of one sequence.
constexpr int TILE_ROWS = 64;

#define ATTENTION_PARAMETERS(Element)                                                                            \
  const int *rows, const int *context, const int *slot, const int *position, const int *page_table, int max_pages, \
      const Element *keys, const Element *values, const float *query, int query_stride, float *output,           \
      int output_stride, float *partial, int heads, int key_value_heads, int head_dim, float scale
#define ATTENTION_ARGUMENTS                                                                                        \
  rows, context, slot, position, page_table, max_pages, keys, values, query, query_stride, output, output_stride, \
      partial, heads, key_value_heads, head_dim, scale

/// Whether the rows of a tile are of one sequence, which every thread of a warp learns.
static __device__ __forceinline__ bool is_one_sequence(const int* slot, int first_row, int row_count) {
  const int own = slot[first_row];
  bool is_same = own >= 0;
  for (int row = first_row + threadIdx.x % 32; row < min(first_row + TILE_ROWS, row_count); row += 32) {
    is_same = is_same && slot[row] == own;
  }
  return __ballot_sync(ALL_LANES, is_same) == ALL_LANES;
}

/// Eight channels of a position.
static __device__ __forceinline__ void widen_eight(const float* from, float (&to)[8]) {
  const float4 a = __ldg(reinterpret_cast<const float4*>(from)), b = __ldg(reinterpret_cast<const float4*>(from) + 1);
  to[0] = a.x, to[1] = a.y, to[2] = a.z, to[3] = a.w, to[4] = b.x, to[5] = b.y, to[6] = b.z, to[7] = b.w;
}
static __device__ __forceinline__ void widen_eight(const __half* from, float (&to)[8]) {
  const uint4 vector = __ldg(reinterpret_cast<const uint4*>(from));
  const unsigned words[4] = {vector.x, vector.y, vector.z, vector.w};
#pragma unroll
  for (int i = 0; i < 8; i++) {
    to[i] = __half2float(__ushort_as_half(static_cast<unsigned short>(words[i / 2] >> (16 * (i % 2)))));
  }
}
static __device__ __forceinline__ void widen_eight(const __nv_bfloat16* from, float (&to)[8]) {
  const uint4 vector = __ldg(reinterpret_cast<const uint4*>(from));
  const unsigned words[4] = {vector.x, vector.y, vector.z, vector.w};
#pragma unroll
  for (int i = 0; i < 8; i++) to[i] = __uint_as_float(i % 2 ? words[i / 2] & 0xffff0000u : words[i / 2] << 16);
}
static __device__ __forceinline__ float widen_one(float value) { return value; }
static __device__ __forceinline__ float widen_one(__half value) { return __half2float(value); }
static __device__ __forceinline__ float widen_one(__nv_bfloat16 value) { return __bfloat162float(value); }

/// Channels `first` to `first + 8` of a position, zeros past the last channel or where the position is not there.
/// IS_WHOLE where head_dim is a multiple of eight, so that vectors are aligned.
template <bool IS_WHOLE, class Element>
static __device__ __forceinline__ void load_channels(const Element* position, int first, int head_dim, bool is_there,
                                                     float (&to)[8]) {
  if constexpr (IS_WHOLE) {
    is_there = is_there && first < head_dim;
    widen_eight(position + (is_there ? first : 0), to);
#pragma unroll
    for (int i = 0; i < 8; i++) to[i] = is_there ? to[i] : 0.0f;
  } else {
#pragma unroll
    for (int i = 0; i < 8; i++) to[i] = is_there && first + i < head_dim ? widen_one(position[first + i]) : 0.0f;
  }
}
