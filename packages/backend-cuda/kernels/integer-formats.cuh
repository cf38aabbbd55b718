// Weights in blocks: integers of at most eight bits, with a scale and perhaps an offset for each sixteen.
//
//   value[j] = scale[h] · q[j] + offset[h]        h = floor(j / 16), the half of the chunk
//
// A chunk is 32 values. A row is planes, each padded to whole vectors: the low bits of all chunks (four words of
// nibbles, or eight of bytes), their high bits, their scales, and the scales of each eight chunks. In a word of
// nibbles the low ones are four values and the high ones the next four; `blockPlanes` of @krait/tensor packs them.
//
// Sources: ggml (ggml-common.h, ggml-quants.c); OCP Microscaling Formats 1.0, 2023, for E2M1; NVIDIA, "Introducing
// NVFP4", 2025.
#pragma once
#include "formats.cuh"

/// A chunk, taken apart: in each word four values as signed bytes.
struct IntegerChunk {
  int quants[8];
  float scale[2];
  float offset[2];
};

template <int LOW_BITS, int HIGH_BITS, int SCALE_BYTES, bool HAS_BLOCKS>
struct Planes {
  static constexpr int VALUES = 32;
  static __device__ __forceinline__ int chunks(int columns) { return (columns + 31) / 32; }
  static __device__ __forceinline__ int whole_vectors(int bytes) { return (bytes + 15) / 16 * 16; }
  static __device__ __forceinline__ int scales_at(int columns) {
    return 4 * LOW_BITS * chunks(columns) + whole_vectors(4 * HIGH_BITS * chunks(columns));
  }
  static __device__ __forceinline__ int blocks_at(int columns) {
    return scales_at(columns) + whole_vectors(SCALE_BYTES * chunks(columns));
  }
  static __device__ __forceinline__ size_t row_bytes(int columns) {
    return blocks_at(columns) + (HAS_BLOCKS ? whole_vectors(chunks(columns) / 2) : 0);
  }
  static __device__ __forceinline__ unsigned word_at(const uint8_t* address) {
    return __ldg(reinterpret_cast<const unsigned*>(address));
  }
  static __device__ __forceinline__ unsigned half_at(const uint8_t* address) {
    return __ldg(reinterpret_cast<const unsigned short*>(address));
  }
  /// The scale of a chunk: SCALE_BYTES of it.
  static __device__ __forceinline__ unsigned scale_bits(const uint8_t* row, int columns, int chunk) {
    const uint8_t* address = row + scales_at(columns) + SCALE_BYTES * chunk;
    return SCALE_BYTES == 4 ? word_at(address) : half_at(address);
  }
  /// d and m of the 256 values that a chunk is of, in f16.
  static __device__ __forceinline__ float2 block_scales(const uint8_t* row, int columns, int chunk) {
    const unsigned bits = word_at(row + blocks_at(columns) + 4 * (chunk / 8));
    return {f16_to_f32(bits & 0xffffu), f16_to_f32(bits >> 16)};
  }
  /// The integers of a chunk, without sign.
  static __device__ __forceinline__ void load_quants(const uint8_t* row, int columns, int chunk, int (&quants)[8]) {
    const uint4 vector = load_vector(row + 16 * chunk);
    const unsigned low[4] = {vector.x, vector.y, vector.z, vector.w};
#pragma unroll
    for (int i = 0; i < 4; i++) {
      quants[2 * i] = low[i] & 0x0f0f0f0f;
      quants[2 * i + 1] = (low[i] >> 4) & 0x0f0f0f0f;
    }
    const uint8_t* high_plane = row + 4 * LOW_BITS * chunks(columns);
    if constexpr (HIGH_BITS == 1) {
      const unsigned high = word_at(high_plane + 4 * chunk);
#pragma unroll
      for (int i = 0; i < 8; i++) {
        // The product puts four bits seven apart: each at the bottom of a byte.
        quants[i] |= ((((high >> (4 * i)) & 15u) * 0x00204081u) & 0x01010101u) << 4;
      }
    }
    if constexpr (HIGH_BITS == 2) {
#pragma unroll
      for (int i = 0; i < 8; i++) {
        const unsigned high = word_at(high_plane + 8 * chunk + 4 * (i / 4));
        const unsigned bits = (high >> (8 * (i % 4))) & 0xffu;
        quants[i] |= ((bits | bits << 6 | bits << 12 | bits << 18) & 0x03030303u) << 4;
      }
    }
  }
};

struct Q8_0 : Planes<8, 0, 2, false> {
  static constexpr bool HAS_OFFSET = false;
  static __device__ __forceinline__ void load(const uint8_t* row, int columns, int chunk, IntegerChunk& to) {
#pragma unroll
    for (int i = 0; i < 2; i++) {
      const uint4 vector = load_vector(row + 32 * chunk + 16 * i);
      to.quants[4 * i] = vector.x;
      to.quants[4 * i + 1] = vector.y;
      to.quants[4 * i + 2] = vector.z;
      to.quants[4 * i + 3] = vector.w;
    }
    to.scale[0] = to.scale[1] = f16_to_f32(scale_bits(row, columns, chunk));
    to.offset[0] = to.offset[1] = 0;
  }
};

/// q4_0, q5_0: d · (q − MIDDLE)
template <int HIGH_BITS, int MIDDLE>
struct Centred : Planes<4, HIGH_BITS, 2, false> {
  using Own = Planes<4, HIGH_BITS, 2, false>;
  static constexpr bool HAS_OFFSET = true;
  static __device__ __forceinline__ void load(const uint8_t* row, int columns, int chunk, IntegerChunk& to) {
    Own::load_quants(row, columns, chunk, to.quants);
    to.scale[0] = to.scale[1] = f16_to_f32(Own::scale_bits(row, columns, chunk));
    to.offset[0] = to.offset[1] = -MIDDLE * to.scale[0];
  }
};
using Q4_0 = Centred<0, 8>;
using Q5_0 = Centred<1, 16>;

/// q4_1, q5_1: d · q + m
template <int HIGH_BITS>
struct Affine : Planes<4, HIGH_BITS, 4, false> {
  using Own = Planes<4, HIGH_BITS, 4, false>;
  static constexpr bool HAS_OFFSET = true;
  static __device__ __forceinline__ void load(const uint8_t* row, int columns, int chunk, IntegerChunk& to) {
    Own::load_quants(row, columns, chunk, to.quants);
    const unsigned bits = Own::scale_bits(row, columns, chunk);
    to.scale[0] = to.scale[1] = f16_to_f32(bits & 0xffffu);
    to.offset[0] = to.offset[1] = f16_to_f32(bits >> 16);
  }
};
using Q4_1 = Affine<0>;
using Q5_1 = Affine<1>;

/// q2_k: d · scale · q − m · minimum, with a scale and a minimum for each half
struct Q2K : Planes<4, 0, 4, true> {
  static constexpr bool HAS_OFFSET = true;
  static __device__ __forceinline__ void load(const uint8_t* row, int columns, int chunk, IntegerChunk& to) {
    load_quants(row, columns, chunk, to.quants);
    const float2 block = block_scales(row, columns, chunk);
    const unsigned bits = scale_bits(row, columns, chunk);
    to.scale[0] = block.x * (bits & 0xffu);
    to.offset[0] = -block.y * (bits >> 8 & 0xffu);
    to.scale[1] = block.x * (bits >> 16 & 0xffu);
    to.offset[1] = -block.y * (bits >> 24);
  }
};

/// q4_k, q5_k: d · scale · q − m · minimum, with a scale and a minimum for each chunk
template <int HIGH_BITS>
struct ScaledAndShifted : Planes<4, HIGH_BITS, 2, true> {
  using Own = Planes<4, HIGH_BITS, 2, true>;
  static constexpr bool HAS_OFFSET = true;
  static __device__ __forceinline__ void load(const uint8_t* row, int columns, int chunk, IntegerChunk& to) {
    Own::load_quants(row, columns, chunk, to.quants);
    const float2 block = Own::block_scales(row, columns, chunk);
    const unsigned bits = Own::scale_bits(row, columns, chunk);
    to.scale[0] = to.scale[1] = block.x * (bits & 0xffu);
    to.offset[0] = to.offset[1] = -block.y * (bits >> 8);
  }
};
using Q4K = ScaledAndShifted<0>;
using Q5K = ScaledAndShifted<1>;

/// q3_k, q6_k: d · scale · (q − MIDDLE), with a signed scale for each half
template <int HIGH_BITS, int MIDDLE>
struct SignedScales : Planes<4, HIGH_BITS, 2, true> {
  using Own = Planes<4, HIGH_BITS, 2, true>;
  static constexpr bool HAS_OFFSET = true;
  static __device__ __forceinline__ void load(const uint8_t* row, int columns, int chunk, IntegerChunk& to) {
    Own::load_quants(row, columns, chunk, to.quants);
    const float d = Own::block_scales(row, columns, chunk).x;
    const unsigned bits = Own::scale_bits(row, columns, chunk);
#pragma unroll
    for (int half = 0; half < 2; half++) {
      to.scale[half] = d * static_cast<int8_t>(bits >> (8 * half));
      to.offset[half] = -MIDDLE * to.scale[half];
    }
  }
};
using Q3K = SignedScales<0, 4>;
using Q6K = SignedScales<2, 32>;

/// Looks up sixteen signed bytes, of which each word of the table is four, by the nibbles of a word: the low ones
/// become the first word of the result, the high ones the second.
static __device__ __forceinline__ void look_up(const unsigned (&table)[4], unsigned nibbles, int& low, int& high) {
  int found[2];
#pragma unroll
  for (int half = 0; half < 2; half++) {
    // __byte_perm takes eight bytes by three bits. The fourth bit then chooses between two such results.
    const unsigned selectors = nibbles >> (16 * half);
    const unsigned below = __byte_perm(table[0], table[1], selectors & 0x7777u);
    const unsigned above = __byte_perm(table[2], table[3], selectors & 0x7777u);
    found[half] = __byte_perm(below, above, 0x3210u | ((selectors & 0x8888u) >> 1));
  }
  low = __byte_perm(found[0], found[1], 0x6420);
  high = __byte_perm(found[0], found[1], 0x7531);
}

/// iq4_nl: d · nonLinear[q], with an f32 d for each chunk
struct Iq4Nl : Planes<4, 0, 4, false> {
  static constexpr bool HAS_OFFSET = false;
  static __device__ __forceinline__ void load(const uint8_t* row, int columns, int chunk, IntegerChunk& to) {
    // −127, −104, −83, −65; −49, −35, −22, −10; 1, 13, 25, 38; 53, 69, 89, 113
    const unsigned table[4] = {0xbfad9881u, 0xf6eaddcfu, 0x26190d01u, 0x71594535u};
    const uint4 words = load_vector(row + 16 * chunk);
    look_up(table, words.x, to.quants[0], to.quants[1]);
    look_up(table, words.y, to.quants[2], to.quants[3]);
    look_up(table, words.z, to.quants[4], to.quants[5]);
    look_up(table, words.w, to.quants[6], to.quants[7]);
    to.scale[0] = to.scale[1] = __uint_as_float(scale_bits(row, columns, chunk));
    to.offset[0] = to.offset[1] = 0;
  }
};

/// E2M1 doubled, so that its values are whole: 0, 1, 2, 3; 4, 6, 8, 12; and their negatives
template <int SCALE_BYTES>
struct E2M1 : Planes<4, 0, SCALE_BYTES, false> {
  static constexpr bool HAS_OFFSET = false;
  static __device__ __forceinline__ void load_quants(const uint8_t* row, int chunk, IntegerChunk& to) {
    const unsigned table[4] = {0x03020100u, 0x0c080604u, 0xfdfeff00u, 0xf4f8fafcu};
    const uint4 words = load_vector(row + 16 * chunk);
    look_up(table, words.x, to.quants[0], to.quants[1]);
    look_up(table, words.y, to.quants[2], to.quants[3]);
    look_up(table, words.z, to.quants[4], to.quants[5]);
    look_up(table, words.w, to.quants[6], to.quants[7]);
    to.offset[0] = to.offset[1] = 0;
  }
};

/// mxfp4: d · e2m1[q], with an f32 d for each chunk
struct Mxfp4 : E2M1<4> {
  static __device__ __forceinline__ void load(const uint8_t* row, int columns, int chunk, IntegerChunk& to) {
    load_quants(row, chunk, to);
    to.scale[0] = to.scale[1] = 0.5f * __uint_as_float(scale_bits(row, columns, chunk));
  }
};

/// nvfp4: d · e2m1[q], with an E4M3 d for each half
struct Nvfp4 : E2M1<2> {
  static __device__ __forceinline__ void load(const uint8_t* row, int columns, int chunk, IntegerChunk& to) {
    load_quants(row, chunk, to);
    const unsigned bits = scale_bits(row, columns, chunk);
    e4m3_to_f32(__byte_perm(bits, 0, 0x1404), to.scale[0], to.scale[1]);
    to.scale[0] *= 0.5f;
    to.scale[1] *= 0.5f;
  }
};

/// The values of a chunk of any format in blocks.
template <class Format>
struct Integers : Format {
  static __device__ __forceinline__ void chunk(const uint8_t* row, int columns, int chunk, float (&values)[32]) {
    IntegerChunk integers;
    Format::load(row, columns, chunk, integers);
#pragma unroll
    for (int j = 0; j < 32; j++) {
      const float q = static_cast<int8_t>(integers.quants[j / 4] >> (8 * (j % 4)));
      values[j] = integers.scale[j / 16] * q + integers.offset[j / 16];
    }
  }
};
