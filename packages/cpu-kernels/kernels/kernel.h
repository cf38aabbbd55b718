// What every kernel file shares: how operands arrive, where they point, and how work is divided.
//
// A kernel is a function of a pointer to a struct that TypeScript wrote when the Program was bound
// (`src/op-words.ts` has the writer of each, field by field in the same order), and of the part of the
// work that it is to do. Parts share nothing, so they may run at the same time, in any order and on any
// thread; how many there are changes no result. A kernel with little to do does it in part 0.
//
// Every field of such a struct takes a word as wide as a pointer, so that one writer serves machines of
// 32 and of 64 bits: numbers are declared as Count, Integer or Number. Words are little-endian.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Everything may be compiled as one file, then with KERNEL as `static`.
#ifndef KERNEL
#define KERNEL __attribute__((visibility("default")))
#endif
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))

typedef uint32_t Count __attribute__((aligned(sizeof(void *))));
typedef int32_t Integer __attribute__((aligned(sizeof(void *))));
typedef float Number __attribute__((aligned(sizeof(void *))));

// Where the host writes, before each step, how many rows, segments or output rows it has.
typedef const uint32_t *Extent;

// Some columns of a row-major matrix: element (row, column) is data[row · stride + column].
typedef struct {
  float *data;
  Count stride;
  Count columns;
} Matrix;

typedef struct {
  int32_t *data;
  Count stride;
  Count columns;
} Tokens;

// How numbers are stored; in the order of `storedFormats` in `src/bindings.ts`.
typedef enum {
  F32,
  F16,
  BF16,
  Q8_0,
  Q4_0,
  Q4_1,
  Q5_0,
  Q5_1,
  Q2_K,
  Q3_K,
  Q4_K,
  Q5_K,
  Q6_K,
  IQ4_NL,
  MXFP4,
} Format;

// Rows of numbers, without gaps.
typedef struct {
  void *data;
  Count format;
} Stored;

// Memory that a kernel may use as it likes: as many bytes for each part.
typedef struct {
  char *data;
  Count bytes;
} Workspace;

INLINE float *row_of(Matrix m, uint32_t row) { return m.data + (uint64_t)row * m.stride; }

INLINE int32_t *token_of(Tokens t, uint32_t row) { return t.data + (uint64_t)row * t.stride; }

INLINE void *workspace_of(Workspace w, uint32_t part) { return w.data + (uint64_t)part * w.bytes; }

INLINE uint32_t min_u32(uint32_t a, uint32_t b) { return a < b ? a : b; }

// A part's share of so many independent things: first to end − 1.
typedef struct {
  uint32_t first;
  uint32_t end;
} Share;

INLINE Share share_of(uint32_t count, uint32_t part, uint32_t parts) {
  return (Share){(uint32_t)((uint64_t)count * part / parts), (uint32_t)((uint64_t)count * (part + 1) / parts)};
}
