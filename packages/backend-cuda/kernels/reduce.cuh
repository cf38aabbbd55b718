// Sums and maxima over the lanes of a warp and the threads of a block, always in the same order.
#pragma once
#include "kernel.cuh"

struct Add { template <class T> __device__ static T join(T a, T b) { return a + b; } };
struct Larger { template <class T> __device__ static T join(T a, T b) { return a > b ? a : b; } };

template <class Op, class T> __device__ __forceinline__ T reduce_warp(T value) {
#pragma unroll
  for (int lanes = 16; lanes > 0; lanes /= 2) value = Op::join(value, __shfl_xor_sync(ALL_LANES, value, lanes));
  return value;
}

/// Every thread gets the result. `partial` is shared memory of a value for each warp; it may be used again
/// after the next barrier.
template <class Op, int THREADS, class T> __device__ T reduce_block(T value, T* partial) {
  value = reduce_warp<Op>(value);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = value;
  __syncthreads();
  T result = partial[0];
#pragma unroll
  for (int warp = 1; warp < THREADS / 32; warp++) result = Op::join(result, partial[warp]);
  return result;
}
