// What a block of a tiled matrix product does to bring a tile of a weight into shared memory as 16-bit floats: start
// loading it, and store it once the tile before has been used.
//
// 16-bit weights are copied as they are, without passing through registers. Others are loaded as they are stored,
// sixteen values a thread, and widened when they are stored. TILE_OUTPUTS × TILE_DEPTH values are 256 threads' worth.
#pragma once
#include "instructions.cuh"
#include "integer-formats.cuh"

constexpr int TILE_OUTPUTS = 128;
constexpr int TILE_DEPTH = 32;
/// Values from row to row of a tile: eight more than there are, so that eight rows lie in different banks.
constexpr int TILE_STRIDE = TILE_DEPTH + 8;
constexpr int TILED_THREADS = 256;

static __device__ __forceinline__ unsigned pair_of_halves(float low, float high) {
  return __half_as_ushort(__float2half_rn(low)) | static_cast<unsigned>(__half_as_ushort(__float2half_rn(high))) << 16;
}

/// Stores sixteen values as f16.
static __device__ __forceinline__ void store_sixteen(const float (&values)[16], unsigned short* to) {
  unsigned words[8];
#pragma unroll
  for (int i = 0; i < 8; i++) words[i] = pair_of_halves(values[2 * i], values[2 * i + 1]);
  reinterpret_cast<uint4*>(to)[0] = make_uint4(words[0], words[1], words[2], words[3]);
  reinterpret_cast<uint4*>(to)[1] = make_uint4(words[4], words[5], words[6], words[7]);
}

/// f16 and bf16.
template <class Format, class T>
struct CopiedTile {
  using Value = T;
  __device__ __forceinline__ void load(const uint8_t* weight, int first_output, int outputs, int columns, int step,
                                       unsigned short* tile) {
    const int vectors = Format::chunks(columns);
#pragma unroll
    for (int i = threadIdx.x; i < TILE_OUTPUTS * TILE_DEPTH / 8; i += TILED_THREADS) {
      const int row = i / (TILE_DEPTH / 8), vector = i % (TILE_DEPTH / 8);
      const int from = step * (TILE_DEPTH / 8) + vector;
      const uint8_t* address = weight + min(first_output + row, outputs - 1) * Format::row_bytes(columns);
      copy_async(tile + row * TILE_STRIDE + 8 * vector, address + 16 * min(from, vectors - 1), from < vectors);
    }
  }
  __device__ __forceinline__ void store(unsigned short*) {}
};

/// fp8_e4m3: each thread a chunk of sixteen.
struct Fp8Tile {
  using Value = __half;
  uint4 bytes;
  __device__ __forceinline__ void load(const uint8_t* weight, int first_output, int outputs, int columns, int step,
                                       unsigned short*) {
    const int chunk = 2 * step + threadIdx.x % 2;
    const uint8_t* row = weight + min(first_output + static_cast<int>(threadIdx.x) / 2, outputs - 1) *
                                      Fp8E4M3::row_bytes(columns);
    bytes = chunk < Fp8E4M3::chunks(columns) ? load_vector(row + 16 * chunk) : make_uint4(0, 0, 0, 0);
  }
  __device__ __forceinline__ void store(unsigned short* tile) {
    float values[16];
    Fp8E4M3::widen(bytes, values);
    store_sixteen(values, tile + threadIdx.x / 2 * TILE_STRIDE + 16 * (threadIdx.x % 2));
  }
};

/// Formats in blocks: each thread half a chunk.
template <class Format>
struct IntegerTile {
  using Value = __half;
  int quants[4];
  float scale, offset;
  __device__ __forceinline__ void load(const uint8_t* weight, int first_output, int outputs, int columns, int step,
                                       unsigned short*) {
    const uint8_t* row = weight + min(first_output + static_cast<int>(threadIdx.x) / 2, outputs - 1) *
                                      Format::row_bytes(columns);
    IntegerChunk chunk;
    Format::load(row, columns, step, chunk);
    const bool is_last = threadIdx.x % 2;
#pragma unroll
    for (int i = 0; i < 4; i++) quants[i] = is_last ? chunk.quants[4 + i] : chunk.quants[i];
    scale = is_last ? chunk.scale[1] : chunk.scale[0];
    offset = is_last ? chunk.offset[1] : chunk.offset[0];
  }
  __device__ __forceinline__ void store(unsigned short* tile) {
    float values[16];
#pragma unroll
    for (int j = 0; j < 16; j++) values[j] = scale * static_cast<int8_t>(quants[j / 4] >> (8 * (j % 4))) + offset;
    store_sixteen(values, tile + threadIdx.x / 2 * TILE_STRIDE + 16 * (threadIdx.x % 2));
  }
};
