// What every kernel file shares: how operands arrive, and where they point.
//
// A kernel is a function of one pointer, to a struct of 32-bit words that TypeScript wrote when the
// Program was bound (`src/kernels.ts` has the writer of each, field by field in the same order).
// Addresses are byte offsets into this module's memory, so here they are simply pointers.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <wasm_simd128.h>

#define KERNEL __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))

// Where the host writes, before each step, how many rows, segments or output rows it has.
typedef const uint32_t *Extent;

// Some columns of a row-major matrix: element (row, column) is data[row · stride + column].
typedef struct {
  float *data;
  uint32_t stride;
  uint32_t columns;
} Matrix;

typedef struct {
  int32_t *data;
  uint32_t stride;
  uint32_t columns;
} Tokens;

// How numbers are stored; in the order of `storedFormats` in `src/bindings.ts`.
typedef enum { F32, F16, BF16 } Format;

// Rows of numbers, without gaps.
typedef struct {
  void *data;
  uint32_t format;
} Stored;

INLINE float *row_of(Matrix m, uint32_t row) { return m.data + (uint64_t)row * m.stride; }

INLINE int32_t *token_of(Tokens t, uint32_t row) { return t.data + (uint64_t)row * t.stride; }

INLINE uint32_t min_u32(uint32_t a, uint32_t b) { return a < b ? a : b; }
