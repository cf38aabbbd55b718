// How a chunk of a weight's row is decoded, one struct for each stored format. A row begins at a multiple of
// 16 bytes; `VALUES` of it are one chunk.
#pragma once
#include "kernel.cuh"

struct F32 {
  static constexpr int VALUES = 4;
  static __device__ __forceinline__ void chunk(const uint8_t* row, int, int chunk, float (&values)[VALUES]) {
    float4 read = reinterpret_cast<const float4*>(row)[chunk];
    values[0] = read.x, values[1] = read.y, values[2] = read.z, values[3] = read.w;
  }
};

struct F16 {
  static constexpr int VALUES = 8;
  static __device__ __forceinline__ void chunk(const uint8_t* row, int, int chunk, float (&values)[VALUES]) {
    uint4 read = reinterpret_cast<const uint4*>(row)[chunk];
    const __half* halves = reinterpret_cast<const __half*>(&read);
#pragma unroll
    for (int i = 0; i < VALUES; i++) values[i] = __half2float(halves[i]);
  }
};

/// The upper half of an f32.
struct Bf16 {
  static constexpr int VALUES = 8;
  static __device__ __forceinline__ void chunk(const uint8_t* row, int, int chunk, float (&values)[VALUES]) {
    uint4 read = reinterpret_cast<const uint4*>(row)[chunk];
    const unsigned words[] = {read.x, read.y, read.z, read.w};
#pragma unroll
    for (int i = 0; i < VALUES; i++) values[i] = __uint_as_float(i % 2 ? words[i / 2] & 0xffff0000u : words[i / 2] << 16);
  }
};
