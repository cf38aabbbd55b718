// CUDA's words for a processor: kernels are compiled as C++ with this header in front of them, and each of
// their threads is a fiber of `runtime.cpp`. A fiber runs until a barrier or a warp operation, so that
// the order of threads between those is whatever the seed makes it, and a missing barrier shows.
#pragma once
#define EMULATED 1
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime.h"

struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(8) int2 { int x, y; };
struct alignas(16) int4 { int x, y, z, w; };
struct alignas(8) uint2 { unsigned x, y; };
struct alignas(16) uint4 { unsigned x, y, z, w; };
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

#define __global__
#define __device__
#define __host__
#define __constant__ static const
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(bytes) alignas(bytes)

// All of a source's shared memory is one section, which each block finds poisoned.
#define SIMT_TEXT_(name) #name
#define SIMT_TEXT(name) SIMT_TEXT_(name)
#define SIMT_JOIN_(a, b) a##b
#define SIMT_JOIN(a, b) SIMT_JOIN_(a, b)
#define __shared__ static __attribute__((section(SIMT_TEXT(SIMT_SECTION))))
extern "C" char SIMT_JOIN(__start_, SIMT_SECTION)[] __attribute__((weak, visibility("hidden")));
extern "C" char SIMT_JOIN(__stop_, SIMT_SECTION)[] __attribute__((weak, visibility("hidden")));

#define threadIdx (simt::threadIndex)
#define blockIdx (simt::blockIndex)
#define blockDim (simt::blockSize)
#define gridDim (simt::gridSize)
constexpr int warpSize = 32;

#define __syncthreads() simt::blockBarrier({__FILE__, __LINE__})
#define __syncwarp(...) simt::warpBarrier({__FILE__, __LINE__} __VA_OPT__(,) __VA_ARGS__)
inline void __threadfence() {}
inline void __threadfence_block() {}

template <class T> T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  return simt::exchange(mask, value, (simt::lane() & ~(width - 1u)) + (source & (width - 1)));
}
template <class T> T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32) {
  (void)width;
  return simt::exchange(mask, value, simt::lane() ^ lanes);
}
template <class T> T __shfl_down_sync(unsigned mask, T value, int lanes, int width = 32) {
  unsigned lane = simt::lane();
  return simt::exchange(mask, value, lane % width + lanes < unsigned(width) ? lane + lanes : lane);
}
template <class T> T __shfl_up_sync(unsigned mask, T value, int lanes, int width = 32) {
  unsigned lane = simt::lane();
  return simt::exchange(mask, value, lane % width >= unsigned(lanes) ? lane - lanes : lane);
}
inline unsigned __ballot_sync(unsigned mask, int predicate) { return simt::ballot(mask, predicate != 0); }
inline int __any_sync(unsigned mask, int predicate) { return simt::ballot(mask, predicate != 0) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return simt::ballot(mask, predicate == 0) == 0; }

// One thread runs at a time, so that atomics are plain.
template <class T> T atomicAdd(T* at, std::common_type_t<T> value) { T old = *at; *at = old + value; return old; }
template <class T> T atomicMax(T* at, std::common_type_t<T> value) { T old = *at; if (value > old) *at = value; return old; }
template <class T> T atomicMin(T* at, std::common_type_t<T> value) { T old = *at; if (value < old) *at = value; return old; }
template <class T> T atomicOr(T* at, std::common_type_t<T> value) { T old = *at; *at = old | value; return old; }
template <class T> T atomicExch(T* at, std::common_type_t<T> value) { T old = *at; *at = value; return old; }
template <class T> T atomicCAS(T* at, std::common_type_t<T> expected, std::common_type_t<T> value) {
  T old = *at;
  if (old == expected) *at = value;
  return old;
}

template <class To, class From> inline To simt_bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}
inline unsigned __float_as_uint(float x) { return simt_bits<unsigned>(x); }
inline int __float_as_int(float x) { return simt_bits<int>(x); }
inline float __uint_as_float(unsigned x) { return simt_bits<float>(x); }
inline float __int_as_float(int x) { return simt_bits<float>(x); }

inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }
inline float __expf(float x) { return std::exp(x); }
inline float __logf(float x) { return std::log(x); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline float __double2float_rn(double x) { return float(x); }
inline unsigned __umulhi(unsigned a, unsigned b) { return unsigned(uint64_t(a) * b >> 32); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(unsigned(x)); }
inline int __ffs(int x) { return __builtin_ffs(x); }
template <class T> T __ldg(const T* at) { return *at; }
template <class T> T __ldcs(const T* at) { return *at; }
template <class T> T __ldcg(const T* at) { return *at; }
inline int __dp4a(int a, int b, int sum) {
  for (int i = 0; i < 4; i++) sum += int8_t(a >> 8 * i) * int8_t(b >> 8 * i);
  return sum;
}
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
  uint64_t bytes = uint64_t(y) << 32 | x;
  unsigned result = 0;
  for (int i = 0; i < 4; i++) result |= unsigned(bytes >> 8 * (selector >> 4 * i & 7) & 0xff) << 8 * i;
  return result;
}
template <class T> T min(T a, std::common_type_t<T> b) { return b < a ? b : a; }
template <class T> T max(T a, std::common_type_t<T> b) { return a < b ? b : a; }
