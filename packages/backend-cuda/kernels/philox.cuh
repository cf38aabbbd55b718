// Random numbers that belong to a key and a counter, without a state.
//
// Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", doi:10.1145/2063384.2063405.
#pragma once
#include "kernel.cuh"

/// The first 24 bits of Philox4x32-10 for the counter (position, 0, 0, 0): a number in [0, 2²⁴).
__device__ inline unsigned random_24_bits(unsigned position, unsigned k0, unsigned k1) {
  unsigned c0 = position, c1 = 0, c2 = 0, c3 = 0;
  for (int round = 0; round < 10; round++, k0 += 0x9e3779b9u, k1 += 0xbb67ae85u) {
    uint64_t a = uint64_t{0xd2511f53u} * c0, b = uint64_t{0xcd9e8d57u} * c2;
    c0 = static_cast<unsigned>(b >> 32) ^ c1 ^ k0;
    c1 = static_cast<unsigned>(b);
    c2 = static_cast<unsigned>(a >> 32) ^ c3 ^ k1;
    c3 = static_cast<unsigned>(a);
  }
  return c0 >> 8;
}
