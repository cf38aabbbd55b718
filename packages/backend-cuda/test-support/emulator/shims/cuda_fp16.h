// f16 as CUDA's header of this name has it; conversions round to nearest even.
#pragma once
#include "../simt.h"

struct __half { uint16_t bits; };
struct alignas(4) __half2 { __half x, y; };
typedef __half half;
typedef __half2 half2;

inline float __half2float(__half value) {
  unsigned sign = unsigned(value.bits & 0x8000) << 16, exponent = value.bits >> 10 & 31, fraction = value.bits & 1023;
  if (exponent == 31) return __uint_as_float(sign | 0x7f800000u | fraction << 13);
  if (exponent == 0) return (sign ? -1.0f : 1.0f) * float(fraction) * 0x1p-24f;
  return __uint_as_float(sign | (exponent + 112) << 23 | fraction << 13);
}
inline __half __float2half_rn(float value) {
  unsigned bits = __float_as_uint(value), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return {0x7fff};
  if (magnitude >= 0x477ff000u) return {uint16_t(sign | 0x7c00)};
  if (magnitude < 0x38800000u) return {uint16_t(sign | unsigned(std::nearbyint(std::fabs(value) * 0x1p24f)))};
  return {uint16_t(sign | (magnitude - 0x38000000u + 0xfff + (magnitude >> 13 & 1)) >> 13)};
}
inline __half __float2half(float value) { return __float2half_rn(value); }
inline float2 __half22float2(__half2 value) { return {__half2float(value.x), __half2float(value.y)}; }
inline __half2 __floats2half2_rn(float x, float y) { return {__float2half_rn(x), __float2half_rn(y)}; }
inline unsigned short __half_as_ushort(__half value) { return value.bits; }
inline __half __ushort_as_half(unsigned short bits) { return {bits}; }
