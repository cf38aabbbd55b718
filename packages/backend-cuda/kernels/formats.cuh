// Weights as the device stores them, a chunk of a row at a time: the values that it stands for, before a scale
// of the whole tensor.
//
// Here are the formats whose values stand by themselves. A chunk is 16 bytes, and rows are padded to whole
// chunks with zeros. integer-formats.cuh has those with scales of blocks.
#pragma once
#include "kernel.cuh"

static __device__ __forceinline__ uint4 load_vector(const uint8_t* address) {
  return __ldg(reinterpret_cast<const uint4*>(address));
}

static __device__ __forceinline__ float f16_to_f32(unsigned bits) {
  return __half2float(__ushort_as_half(static_cast<unsigned short>(bits)));
}

static __device__ __forceinline__ float bf16_to_f32(unsigned bits) { return __uint_as_float(bits << 16); }

/// Two values of E4M3, in the bytes 1 and 3 of a word. As f16 their exponents are 8 less. NaN is read as 480:
/// no weight is NaN.
static __device__ __forceinline__ void e4m3_to_f32(unsigned bytes, float& first, float& second) {
  const unsigned halves = (bytes & 0x80008000u) | ((bytes & 0x7f007f00u) >> 1);
  first = f16_to_f32(halves & 0xffffu) * 256.0f;
  second = f16_to_f32(halves >> 16) * 256.0f;
}

template <int BYTES>
struct Scalars {
  static constexpr int VALUES = 16 / BYTES;
  static __device__ __forceinline__ size_t row_bytes(int columns) {
    return static_cast<size_t>(columns * BYTES + 15) / 16 * 16;
  }
  static __device__ __forceinline__ int chunks(int columns) { return (columns + VALUES - 1) / VALUES; }
};

struct F32 : Scalars<4> {
  static __device__ __forceinline__ void chunk(const uint8_t* row, int, int chunk, float (&values)[VALUES]) {
    const uint4 words = load_vector(row + 16 * chunk);
    values[0] = __uint_as_float(words.x);
    values[1] = __uint_as_float(words.y);
    values[2] = __uint_as_float(words.z);
    values[3] = __uint_as_float(words.w);
  }
};

struct F16 : Scalars<2> {
  static __device__ __forceinline__ void chunk(const uint8_t* row, int, int chunk, float (&values)[VALUES]) {
    const uint4 vector = load_vector(row + 16 * chunk);
    const unsigned words[4] = {vector.x, vector.y, vector.z, vector.w};
#pragma unroll
    for (int i = 0; i < 4; i++) {
      values[2 * i] = f16_to_f32(words[i] & 0xffffu);
      values[2 * i + 1] = f16_to_f32(words[i] >> 16);
    }
  }
};

struct Bf16 : Scalars<2> {
  static __device__ __forceinline__ void chunk(const uint8_t* row, int, int chunk, float (&values)[VALUES]) {
    const uint4 vector = load_vector(row + 16 * chunk);
    const unsigned words[4] = {vector.x, vector.y, vector.z, vector.w};
#pragma unroll
    for (int i = 0; i < 4; i++) {
      values[2 * i] = bf16_to_f32(words[i] & 0xffffu);
      values[2 * i + 1] = __uint_as_float(words[i] & 0xffff0000u);
    }
  }
};

struct Fp8E4M3 : Scalars<1> {
  static __device__ __forceinline__ void chunk(const uint8_t* row, int, int chunk, float (&values)[VALUES]) {
    widen(load_vector(row + 16 * chunk), values);
  }
  static __device__ __forceinline__ void widen(uint4 vector, float (&values)[VALUES]) {
    const unsigned words[4] = {vector.x, vector.y, vector.z, vector.w};
#pragma unroll
    for (int i = 0; i < 4; i++) {
      // Bytes 0 and 1 of the word, then 2 and 3, each to the upper byte of a half.
      e4m3_to_f32(__byte_perm(words[i], 0, 0x1404), values[4 * i], values[4 * i + 1]);
      e4m3_to_f32(__byte_perm(words[i], 0, 0x3424), values[4 * i + 2], values[4 * i + 3]);
    }
  }
};
