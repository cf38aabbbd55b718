// Numbers whose order is that of floats, −0 being 0: by them logits are compared digit by digit.
#pragma once
#include "kernel.cuh"

__device__ __forceinline__ unsigned order_key(float value) {
  unsigned bits = __float_as_uint(value);
  if (bits == 0x80000000u) return 0x80000000u;
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

/// The float that has this key.
__device__ __forceinline__ float value_of_key(unsigned key) {
  return __uint_as_float(key & 0x80000000u ? key & 0x7fffffffu : ~key);
}
