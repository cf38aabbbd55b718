// Stores the keys and values of each row in the page of its sequence and position.
//
//   page = page_table[slot[r], floor(position[r] / PAGE_SIZE)]
//   keys[page, position[r] mod PAGE_SIZE] = key[r], values likewise
//
// Rows of slot −1 are padding and store nothing.
//
// Kwon et al. 2023, arXiv:2309.06180, for pages.
#include "kernel.cuh"

constexpr int PAGE_SIZE = 32;

__device__ __forceinline__ void store(float* to, float value) { *to = value; }
__device__ __forceinline__ void store(__half* to, float value) { *to = __float2half_rn(value); }
__device__ __forceinline__ void store(__nv_bfloat16* to, float value) { *to = __float2bfloat16_rn(value); }

/// The grid counts columns in x and rows in y.
template <class Key, class Value>
__device__ void write_kv(const int* rows, const float* key, int key_stride, const float* value, int value_stride,
                         const int* slot, const int* position, const int* page_table, int max_pages, void* keys,
                         void* values, int columns) {
  int c = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y;
  if (row >= *rows || c >= columns || slot[row] < 0) return;
  int page = row_of(page_table, slot[row], max_pages)[position[row] / PAGE_SIZE];
  size_t at = (static_cast<size_t>(page) * PAGE_SIZE + position[row] % PAGE_SIZE) * columns + c;
  store(static_cast<Key*>(keys) + at, row_of(key, row, key_stride)[c]);
  store(static_cast<Value*>(values) + at, row_of(value, row, value_stride)[c]);
}

#define WRITE_KV(name, Key, Value)                                                                              \
  KERNEL(write_kv_##name, 128, const int* rows, const float* key, int key_stride, const float* value,           \
         int value_stride, const int* slot, const int* position, const int* page_table, int max_pages,          \
         void* keys, void* values, int columns) {                                                               \
    write_kv<Key, Value>(rows, key, key_stride, value, value_stride, slot, position, page_table, max_pages,     \
                         keys, values, columns);                                                                \
  }

WRITE_KV(f32, float, float)
WRITE_KV(f16, __half, __half)
WRITE_KV(bf16, __nv_bfloat16, __nv_bfloat16)
