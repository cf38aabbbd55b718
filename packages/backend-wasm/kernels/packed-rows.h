// Rows of x as products of many rows with numbers read them: from beginning to end.
//
//   packed[columns / 4, rows of the group, 4], group of rows by group; past the last column there are zeros
//
// Loads from one row after another would cost a look at the page of each, and rows a multiple of a page apart would
// push one another out of the cache.
#pragma once

#include "float4.h"
#include "multiply.h"

// The sums of so many rows with two outputs fit the registers, with what is multiplied: engines for x86 leave fifteen.
// Without relaxed SIMD a product takes one before it is added, and engines without it, which are older, spill sooner.
#ifdef __wasm_relaxed_simd__
#define GROUP_ROWS 6
#define LEAST_GROUP_ROWS 3
#else
#define GROUP_ROWS 4
#define LEAST_GROUP_ROWS 2
#endif
#define MOST_GROUPS ((ROWS_AT_ONCE + GROUP_ROWS - 1) / GROUP_ROWS)

INLINE uint32_t groups_of(uint32_t rows) { return (rows + GROUP_ROWS - 1) / GROUP_ROWS; }

// The first row of a group: all have about as many.
INLINE uint32_t first_of_group(uint32_t rows, uint32_t group) {
  uint32_t groups = groups_of(rows);
  return rows / groups * group + min_u32(group, rows % groups);
}
