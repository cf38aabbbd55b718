// What every source of kernels begins with. KERNEL(name, threads, parameters…) is a kernel that is launched by
// this name with this many threads a block; where kernels are emulated it is also entered in their list. One
// block a multiprocessor is promised and no more, for ptxas would rather spill registers than run fewer;
// KERNEL_BESIDE promises so many, where more at a time are worth fewer registers.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cstdint>

#ifdef EMULATED
#define KERNEL(name, threads, ...)                                                                \
  void name(__VA_ARGS__);                                                                         \
  const bool SIMT_JOIN(is_listed_, name) = simt::add(#name, threads, name, SIMT_JOIN(__start_, SIMT_SECTION), \
                                                     SIMT_JOIN(__stop_, SIMT_SECTION));           \
  void name(__VA_ARGS__)
#define KERNEL_BESIDE(name, threads, blocks, ...) KERNEL(name, threads, __VA_ARGS__)
#define DYNAMIC_SHARED(type, name) type* name = reinterpret_cast<type*>(simt::dynamicShared)
#else
#define KERNEL(name, threads, ...) KERNEL_BESIDE(name, threads, 1, __VA_ARGS__)
#define KERNEL_BESIDE(name, threads, blocks, ...) \
  extern "C" __global__ void __launch_bounds__(threads, blocks) name(__VA_ARGS__)
#define DYNAMIC_SHARED(type, name)                                        \
  extern __shared__ __align__(16) unsigned char dynamic_shared[];         \
  type* name = reinterpret_cast<type*>(dynamic_shared)
#endif

constexpr unsigned ALL_LANES = 0xffffffffu;

/// Where a row begins. Products of rows and strides pass 2³¹.
template <class T> __device__ __forceinline__ T* row_of(T* base, int row, int stride) {
  return base + static_cast<size_t>(row) * static_cast<size_t>(stride);
}
