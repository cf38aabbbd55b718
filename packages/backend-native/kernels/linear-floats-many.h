// The product of many rows with rows of f32, f16 or bf16: some columns of a slab of x stay in the first-level cache while
// LANES rows of the weight go over them, widened once for all rows of the slab.
//
// x is packed first, group of rows by group, [columns / LANES, rows of the group, LANES], so that a product reads it
// from its beginning to its end: loads from one row after another cost a look at the page of each.
//
// A sum stays in memory between blocks of columns, so its lanes are added in the order of `linear-floats.h`.
#pragma once

#include "linear.h"
#include "stored.h"

// The sums of so many rows with so many outputs fit the registers.
#define GROUP_ROWS 6
#define GROUP_OUTPUTS (LANES == 16 ? 4 : 2)
// So many columns of so many rows stay in the first-level cache.
#define BLOCK_COLUMNS 256
#define SLAB_FLOAT_ROWS 18

INLINE uint32_t padded_columns(uint32_t columns) { return (columns + LANES - 1) / LANES * LANES; }

INLINE uint32_t groups_of_rows(uint32_t rows) { return (rows + GROUP_ROWS - 1) / GROUP_ROWS; }

// Where the packed rows of a group begin, of which `row` is the first.
INLINE float *packed_group(const Linear *op, uint32_t row) {
  return (float *)op->workspace + (uint64_t)row * padded_columns(op->x.columns);
}

static void pack_float_rows(const Linear *op, uint32_t group) {
  uint32_t row = group * GROUP_ROWS, rows = min_u32(GROUP_ROWS, *op->rows - row), columns = op->x.columns;
  for (uint32_t r = 0; r < rows; r++) {
    const float *x = row_of(op->x, row + r);
    float *packed = packed_group(op, row) + r * LANES;
    for (uint32_t i = 0; i < columns; i += LANES) store(packed + i * rows, load_upto(x + i, columns - i));
  }
}

// Some columns of GROUP_OUTPUTS rows of the weight: as they are stored, and widened, [columns / LANES, GROUP_OUTPUTS,
// LANES].
typedef struct {
  const uint8_t *at[GROUP_OUTPUTS];
  const uint8_t *next[GROUP_OUTPUTS];  // what comes of each row later, and is asked for from memory meanwhile
  uint32_t first;
  uint32_t columns;
  Floats widened[BLOCK_COLUMNS / LANES][GROUP_OUTPUTS];
} WeightBlock;

// Keeps a compiler from loading x anew for each of its uses: loads are what these products take longest for.
INLINE Floats held(Floats x) {
#if defined(__x86_64__)
  __asm__("" : "+x"(x));
#endif
  return x;
}

// Vector i of a block of the weight, from where it is stored or where it was widened.
INLINE void load_weights(bool widens, Format format, WeightBlock *w, uint32_t i, Floats *weights) {
#pragma GCC unroll 4
  for (uint32_t o = 0; o < GROUP_OUTPUTS; o++) {
    if (widens) {
      uint32_t left = w->columns - i * LANES;
      __builtin_prefetch(w->next[o] + i * LANES * bytes_of(format));
      weights[o] = left >= LANES ? load_stored(w->at[o], i * LANES, format)
                                 : load_some_stored(w->at[o], i * LANES, format, left);
      w->widened[i][o] = weights[o];
    } else {
      weights[o] = w->widened[i][o];
    }
  }
}

INLINE void add_products_of(uint32_t rows, const float *x, const Floats weights[], Floats *lanes) {
#pragma GCC unroll 6
  for (uint32_t r = 0; r < rows; r++) {
    Floats values = held(load(x + r * LANES));
#pragma GCC unroll 4
    for (uint32_t o = 0; o < GROUP_OUTPUTS; o++) {
      lanes[r * GROUP_OUTPUTS + o] = multiply_add(lanes[r * GROUP_OUTPUTS + o], values, weights[o]);
    }
  }
}

// Adds the products of a block with `rows` packed rows to their sums, or begins these. The first rows widen the weight:
// instructions for that fit between the multiplications.
INLINE void add_float_block(bool widens, Format format, uint32_t rows, const float *x, WeightBlock *w, Floats *sums) {
  Floats lanes[GROUP_ROWS * GROUP_OUTPUTS], weights[GROUP_OUTPUTS];
#pragma GCC unroll 24
  for (uint32_t k = 0; k < rows * GROUP_OUTPUTS; k++) lanes[k] = w->first == 0 ? splat(0) : sums[k];
  x += w->first * rows;
  for (uint32_t i = 0; i * LANES < w->columns; i++, x += rows * LANES) {
    load_weights(widens, format, w, i, weights);
    add_products_of(rows, x, weights, lanes);
  }
#pragma GCC unroll 24
  for (uint32_t k = 0; k < rows * GROUP_OUTPUTS; k++) sums[k] = lanes[k];
}

// Each format and number of rows is a function of its own, so that they are constants inside.
typedef void AddBlock(const float *x, WeightBlock *w, Floats *sums);
#define ADD_BLOCK(NAME, WIDENS, FORMAT, ROWS)                                                                  \
  NOINLINE void NAME##_##ROWS(const float *x, WeightBlock *w, Floats *sums) {                                  \
    add_float_block(WIDENS, FORMAT, ROWS, x, w, sums);                                                               \
  }
#define ADD_BLOCKS(NAME, WIDENS, FORMAT)                                                                       \
  ADD_BLOCK(NAME, WIDENS, FORMAT, 1) ADD_BLOCK(NAME, WIDENS, FORMAT, 2) ADD_BLOCK(NAME, WIDENS, FORMAT, 3)     \
  ADD_BLOCK(NAME, WIDENS, FORMAT, 4) ADD_BLOCK(NAME, WIDENS, FORMAT, 5) ADD_BLOCK(NAME, WIDENS, FORMAT, 6)     \
  static AddBlock *const NAME[] = {NAME##_1, NAME##_2, NAME##_3, NAME##_4, NAME##_5, NAME##_6};
ADD_BLOCKS(add_widened, false, F32)
ADD_BLOCKS(widen_and_add_f32, true, F32)
ADD_BLOCKS(widen_and_add_f16, true, F16)
ADD_BLOCKS(widen_and_add_bf16, true, BF16)
#undef ADD_BLOCKS
#undef ADD_BLOCK

// Some rows with LANES outputs.
typedef struct {
  const Linear *op;
  uint32_t row;
  uint32_t end;
  Floats sums[LANES / GROUP_OUTPUTS][SLAB_FLOAT_ROWS / GROUP_ROWS][GROUP_ROWS * GROUP_OUTPUTS];
} FloatSlab;

// Adds what comes next of the weight to the sums of GROUP_OUTPUTS outputs.
INLINE void add_to_slab(AddBlock *const widen_and_add[], FloatSlab *slab, uint32_t k, WeightBlock *w) {
  for (uint32_t row = slab->row, g = 0; row < slab->end; row += GROUP_ROWS, g++) {
    (g == 0 ? widen_and_add : add_widened)[min_u32(GROUP_ROWS, slab->end - row) - 1](packed_group(slab->op, row), w, slab->sums[k][g]);
  }
}

INLINE void finish_slab(const FloatSlab *slab, uint32_t o, uint32_t count) {
  for (uint32_t row = slab->row; row < slab->end; row++) {
    uint32_t group = (row - slab->row) / GROUP_ROWS, r = (row - slab->row) % GROUP_ROWS;
    Floats lanes[LANES];
#pragma GCC unroll 16
    for (uint32_t l = 0; l < LANES; l++) {
      lanes[l] = slab->sums[l / GROUP_OUTPUTS][group][r * GROUP_OUTPUTS + l % GROUP_OUTPUTS];
    }
    finish(slab->op, row, o, count, sums_of_each(lanes));
  }
}

INLINE void multiply_many_numbers(Format format, const Linear *op, Share outputs) {
  AddBlock *const *widen_and_add =
      format == F32 ? widen_and_add_f32 : format == F16 ? widen_and_add_f16 : widen_and_add_bf16;
  uint32_t rows = *op->rows, columns = op->x.columns, bytes = bytes_of(format);
  uint64_t row_bytes = (uint64_t)columns * bytes;
  FloatSlab slab = {.op = op};
  WeightBlock w;
  for (uint32_t o = outputs.first; o < outputs.end; o += LANES) {
    uint32_t count = min_u32(LANES, outputs.end - o);
    for (slab.row = 0; slab.row < rows; slab.row = slab.end) {
      slab.end = min_u32(slab.row + SLAB_FLOAT_ROWS, rows);
      for (uint32_t first = 0; first < columns; first += BLOCK_COLUMNS) {
        w.first = first;
        w.columns = min_u32(BLOCK_COLUMNS, columns - first);
        for (uint32_t k = 0; k * GROUP_OUTPUTS < count; k++) {
          for (uint32_t i = 0; i < GROUP_OUTPUTS; i++) {
            w.at[i] = weight_row(op, o + min_u32(k * GROUP_OUTPUTS + i, count - 1), row_bytes) + first * bytes;
            bool is_last = first + BLOCK_COLUMNS >= columns;
            w.next[i] = is_last ? w.at[i] - first * bytes + LANES * row_bytes : w.at[i] + BLOCK_COLUMNS * bytes;
          }
          add_to_slab(widen_and_add, &slab, k, &w);
        }
      }
      finish_slab(&slab, o, count);
    }
  }
}
