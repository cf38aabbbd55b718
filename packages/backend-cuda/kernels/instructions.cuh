// Instructions that C++ has no word for: each with its PTX and, for the emulator, what it computes.
//
// Lane l of a warp holds parts of matrices by g = floor(l / 4) and t = l mod 4, as the PTX ISA 8.0, section 9.7.13,
// draws them.
#pragma once
#include "kernel.cuh"


#ifdef EMULATED

/// A warp's matrices, put together from its lanes' parts. Each warp has its own.
struct WarpMatrices {
  float a[16][16], b[16][8];
};
inline WarpMatrices& warp_matrices() {
  static WarpMatrices of_warp[32];
  return of_warp[threadIdx.x / 32];
}
/// d += a · b for the matrices that the lanes have put together.
inline void multiply_warp_matrices(float (&d)[4], int depth) {
  const WarpMatrices& m = warp_matrices();
  const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
  __syncwarp();
  for (int i = 0; i < 4; i++) {
    float sum = 0;
    for (int k = 0; k < depth; k++) sum += m.a[g + i / 2 * 8][k] * m.b[k][t * 2 + i % 2];
    d[i] += sum;
  }
  __syncwarp();
}
#endif

/// One of two 16-bit floats as a number.
template <class T>
__device__ inline float half_of_pair(unsigned pair, int index);
template <>
__device__ inline float half_of_pair<__half>(unsigned pair, int index) {
  return __half2float(__ushort_as_half(static_cast<unsigned short>(pair >> (16 * index))));
}
template <>
__device__ inline float half_of_pair<__nv_bfloat16>(unsigned pair, int index) {
  return __uint_as_float((pair >> (16 * index)) << 16);
}

/// d += a · b, of 16-bit floats (f16 or bf16), sums in f32. a is [16, 16], b [16, 8], d [16, 8].
///
///   a[i]  row g + 8 · (i mod 2), columns 2t + 8 · floor(i / 2) and the next
///   b[i]  rows 2t + 8i and the next, column g
///   d[i]  row g + 8 · floor(i / 2), column 2t + i mod 2
template <class T>
static __device__ __forceinline__ void mma_16x8x16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#ifdef EMULATED
  const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 2; j++) warp_matrices().a[g + i % 2 * 8][2 * t + i / 2 * 8 + j] = half_of_pair<T>(a[i], j);
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) warp_matrices().b[2 * t + 8 * i + j][g] = half_of_pair<T>(b[i], j);
  multiply_warp_matrices(d, 16);
#else
  if constexpr (std::is_same_v<T, __half>) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  } else {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  }
#endif
}

/// d += a · b, of f32 of which the unit reads the upper 19 bits (TF32), sums in f32. a is [16, 8], b [8, 8].
///
///   a[i]  row g + 8 · (i mod 2), column t + 4 · floor(i / 2)        b[i]  row t + 4i, column g
static __device__ __forceinline__ void mma_16x8x8(float (&d)[4], const float (&a)[4], const float (&b)[2]) {
#ifdef EMULATED
  const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
  const auto narrowed = [](float x) { return __uint_as_float(__float_as_uint(x) & 0xffffe000u); };
  for (int i = 0; i < 4; i++) warp_matrices().a[g + i % 2 * 8][t + i / 2 * 4] = narrowed(a[i]);
  for (int i = 0; i < 2; i++) warp_matrices().b[t + 4 * i][g] = narrowed(b[i]);
  multiply_warp_matrices(d, 8);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(__float_as_uint(a[0])), "r"(__float_as_uint(a[1])), "r"(__float_as_uint(a[2])),
        "r"(__float_as_uint(a[3])), "r"(__float_as_uint(b[0])), "r"(__float_as_uint(b[1])));
#endif
}

/// Four [8, 8] matrices of 16-bit values from shared memory. Lane l gives the address of row l mod 8 of matrix
/// floor(l / 8), 16 bytes; it gets of matrix i row g, columns 2t and the next.
static __device__ __forceinline__ void load_matrices(unsigned (&d)[4], const void* row) {
#ifdef EMULATED
  static const void* rows_of_warp[32][32];
  const void** rows = rows_of_warp[threadIdx.x / 32];
  const int lane = threadIdx.x % 32;
  rows[lane] = row;
  __syncwarp();
  for (int i = 0; i < 4; i++) d[i] = static_cast<const unsigned*>(rows[8 * i + lane / 4])[lane % 4];
  __syncwarp();
#else
  const unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
               : "r"(address));
#endif
}

#ifdef EMULATED
/// Copies that a thread has asked for, by the group they are in. They happen when it waits, and no sooner.
struct AsyncCopies {
  struct Copy {
    void* to;
    const void* from;
    int group;
  };
  std::vector<Copy> pending;
  int group = 0;
};
inline AsyncCopies& async_copies() {
  static AsyncCopies of_thread[1024];
  return of_thread[threadIdx.x];
}
#endif

/// Starts to copy 16 bytes to shared memory, or zeros where there is nothing to copy.
static __device__ __forceinline__ void copy_async(void* to, const void* from, bool is_there) {
#ifdef EMULATED
  async_copies().pending.push_back({to, is_there ? from : nullptr, async_copies().group});
#else
  const unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(to));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(from), "r"(is_there ? 16 : 0)
               : "memory");
#endif
}

/// Ends a group of copies.
static __device__ __forceinline__ void commit_copies() {
#ifdef EMULATED
  async_copies().group++;
#else
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/// Waits for this thread's copies but for the last `GROUPS` groups of them.
template <int GROUPS>
static __device__ __forceinline__ void wait_for_copies() {
#ifdef EMULATED
  AsyncCopies& copies = async_copies();
  std::vector<AsyncCopies::Copy> later;
  for (const auto& copy : copies.pending) {
    if (copy.group >= copies.group - GROUPS) later.push_back(copy);
    else if (copy.from) std::memcpy(copy.to, copy.from, 16);
    else std::memset(copy.to, 0, 16);
  }
  copies.pending = later;
#else
  asm volatile("cp.async.wait_group %0;" ::"n"(GROUPS) : "memory");
#endif
}
