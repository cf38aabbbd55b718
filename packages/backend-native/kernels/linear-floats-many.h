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
// The longest block of columns, and the most rows of a slab: together they stay in the first-level cache.
#define BLOCK_COLUMNS 320
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
  uint64_t ahead;  // so many bytes after what is multiplied now, memory is asked for what comes later
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

// As `multiply_add`, in this order and in the register that the sum is in: sums and weights fill all sixteen, and a
// compiler that moves them about spills some.
INLINE Floats add_product(Floats sum, Floats a, Floats b) {
#if LANES == 8 && defined(__FMA__)
  __asm__ volatile("vfmadd231ps %2, %1, %0" : "+x"(sum) : "x"(a), "x"(b));
  return sum;
#else
  return multiply_add(sum, a, b);
#endif
}

INLINE void add_products_of(uint32_t rows, const float *x, const Floats weights[], Floats *lanes) {
#pragma GCC unroll 6
  for (uint32_t r = 0; r < rows; r++) {
    Floats values = held(load(x + r * LANES));
#pragma GCC unroll 4
    for (uint32_t o = 0; o < GROUP_OUTPUTS; o++) {
      lanes[r * GROUP_OUTPUTS + o] = add_product(lanes[r * GROUP_OUTPUTS + o], values, weights[o]);
    }
  }
}

INLINE void copy_sums(uint32_t rows, const Floats *from, Floats *to) {
#pragma GCC unroll 24
  for (uint32_t k = 0; k < rows * GROUP_OUTPUTS; k++) to[k] = from[k];
}

// Widens `count` columns of each output, at most LANES, and adds their products.
INLINE void widen_vector_and_add(Format format, uint32_t count, uint32_t rows, const float *x, const uint8_t *const at[],
                                 Floats *widened, Floats *lanes) {
  Floats weights[GROUP_OUTPUTS];
#pragma GCC unroll 4
  for (uint32_t o = 0; o < GROUP_OUTPUTS; o++) {
    weights[o] = held(count >= LANES ? load_stored(at[o], 0, format) : load_some_stored(at[o], 0, format, count));
    widened[o] = weights[o];
  }
  add_products_of(rows, x, weights, lanes);
}

// Adds the products of a block with `rows` packed rows to their sums. These are the first rows, which widen the weight:
// instructions for that fit between the multiplications. Each turn multiplies a line of memory of each output.
INLINE void widen_and_add(Format format, uint32_t rows, const float *x, WeightBlock *w, Floats *sums) {
  uint32_t bytes = LANES * bytes_of(format), left = w->columns;
  Floats lanes[GROUP_ROWS * GROUP_OUTPUTS], *widened = w->widened[0];
  const uint8_t *at[GROUP_OUTPUTS];
#pragma GCC unroll 4
  for (uint32_t o = 0; o < GROUP_OUTPUTS; o++) at[o] = w->at[o];
  copy_sums(rows, sums, lanes);
  for (; left >= 64 / bytes * LANES; left -= 64 / bytes * LANES) {
#pragma GCC unroll 4
    for (uint32_t o = 0; o < GROUP_OUTPUTS; o++) __builtin_prefetch(at[o] + w->ahead, 0, 2);
#pragma GCC unroll 8
    for (uint32_t v = 0; v < 64 / bytes; v++, x += rows * LANES, widened += GROUP_OUTPUTS) {
      widen_vector_and_add(format, LANES, rows, x, at, widened, lanes);
#pragma GCC unroll 4
      for (uint32_t o = 0; o < GROUP_OUTPUTS; o++) at[o] += bytes;
    }
  }
  for (uint32_t i = 0; i < left; i += LANES, x += rows * LANES, widened += GROUP_OUTPUTS) {
    widen_vector_and_add(format, left - i, rows, x, at, widened, lanes);
    for (uint32_t o = 0; o < GROUP_OUTPUTS; o++) at[o] += bytes;
  }
  copy_sums(rows, lanes, sums);
}

INLINE void add_widened_vector(uint32_t rows, const float *x, const Floats *widened, Floats *lanes) {
  Floats weights[GROUP_OUTPUTS];
#pragma GCC unroll 4
  for (uint32_t o = 0; o < GROUP_OUTPUTS; o++) weights[o] = held(widened[o]);
  add_products_of(rows, x, weights, lanes);
}

// The same for rows that find the block widened.
INLINE void add_widened(uint32_t rows, const float *x, const WeightBlock *w, Floats *sums) {
  uint32_t vectors = (w->columns + LANES - 1) / LANES;
  Floats lanes[GROUP_ROWS * GROUP_OUTPUTS];
  const Floats *widened = w->widened[0];
  const float *end = x + vectors / 2 * 2 * rows * LANES;
  copy_sums(rows, sums, lanes);
  for (; x != end; x += 2 * rows * LANES, widened += 2 * GROUP_OUTPUTS) {
    add_widened_vector(rows, x, widened, lanes);
    add_widened_vector(rows, x + rows * LANES, widened + GROUP_OUTPUTS, lanes);
  }
  if (vectors % 2 != 0) add_widened_vector(rows, x, widened, lanes);
  copy_sums(rows, lanes, sums);
}

// Each format and number of rows is a function of its own, so that they are constants inside.
typedef void AddBlock(const float *x, WeightBlock *w, Floats *sums);
#define ADD_BLOCK(NAME, ROWS, CALL) \
  NOINLINE void NAME##_##ROWS(const float *x, WeightBlock *w, Floats *sums) { CALL; }
#define ADD_BLOCKS(ROWS)                                                              \
  ADD_BLOCK(add_widened, ROWS, add_widened(ROWS, x, w, sums))                         \
  ADD_BLOCK(widen_and_add_f32, ROWS, widen_and_add(F32, ROWS, x, w, sums))            \
  ADD_BLOCK(widen_and_add_f16, ROWS, widen_and_add(F16, ROWS, x, w, sums))            \
  ADD_BLOCK(widen_and_add_bf16, ROWS, widen_and_add(BF16, ROWS, x, w, sums))
ADD_BLOCKS(1) ADD_BLOCKS(2) ADD_BLOCKS(3) ADD_BLOCKS(4) ADD_BLOCKS(5) ADD_BLOCKS(6)
#define OF_ROWS(NAME) {NAME##_1, NAME##_2, NAME##_3, NAME##_4, NAME##_5, NAME##_6}
static AddBlock *const add_rows_of_widened[GROUP_ROWS] = OF_ROWS(add_widened);
static AddBlock *const widen_and_add_rows[][GROUP_ROWS] = {
    [F32] = OF_ROWS(widen_and_add_f32), [F16] = OF_ROWS(widen_and_add_f16), [BF16] = OF_ROWS(widen_and_add_bf16)};
#undef OF_ROWS
#undef ADD_BLOCKS
#undef ADD_BLOCK

#define SLAB_GROUPS (SLAB_FLOAT_ROWS / GROUP_ROWS)

// Some groups of rows with LANES outputs.
typedef struct {
  const Linear *op;
  uint32_t row;
  uint32_t groups;
  const float *x[SLAB_GROUPS];
  uint32_t rows[SLAB_GROUPS];
  Floats sums[LANES / GROUP_OUTPUTS][SLAB_GROUPS][GROUP_ROWS * GROUP_OUTPUTS];
} FloatSlab;

INLINE void begin_slab(FloatSlab *slab, uint32_t row, uint32_t end) {
  slab->row = row;
  for (slab->groups = 0; row < end; row += GROUP_ROWS, slab->groups++) {
    slab->x[slab->groups] = packed_group(slab->op, row);
    slab->rows[slab->groups] = min_u32(GROUP_ROWS, end - row);
  }
  for (uint32_t k = 0; k < LANES / GROUP_OUTPUTS; k++) {
    for (uint32_t g = 0; g < slab->groups; g++) {
      for (uint32_t i = 0; i < GROUP_ROWS * GROUP_OUTPUTS; i++) slab->sums[k][g][i] = splat(0);
    }
  }
}

// Adds the products of a block, from column `first` on, to the sums of its outputs.
INLINE void add_to_slab(Format format, FloatSlab *slab, uint32_t k, uint32_t first, WeightBlock *w) {
  for (uint32_t g = 0; g < slab->groups; g++) {
    uint32_t rows = slab->rows[g];
    (g == 0 ? widen_and_add_rows[format] : add_rows_of_widened)[rows - 1](slab->x[g] + first * rows, w, slab->sums[k][g]);
  }
}

INLINE void finish_slab(const FloatSlab *slab, uint32_t o, uint32_t count) {
  for (uint32_t g = 0; g < slab->groups; g++) {
    for (uint32_t r = 0; r < slab->rows[g]; r++) {
      const Floats *sums = &slab->sums[0][g][r * GROUP_OUTPUTS];
      Floats lanes[LANES];
#pragma GCC unroll 16
      for (uint32_t l = 0; l < LANES; l++) {
        lanes[l] = sums[l / GROUP_OUTPUTS * SLAB_GROUPS * GROUP_ROWS * GROUP_OUTPUTS + l % GROUP_OUTPUTS];
      }
      finish(slab->op, slab->row + g * GROUP_ROWS + r, o, count, sums_of_each(lanes));
    }
  }
}

// Columns of each block, in whole lines of memory: about as many in all, so that none is hardly worth its beginning.
INLINE uint32_t block_of(uint32_t columns) {
  uint32_t blocks = (columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
  return ((columns + blocks - 1) / blocks + 31) / 32 * 32;
}

INLINE void multiply_many_numbers(Format format, const Linear *op, Share outputs) {
  uint32_t rows = *op->rows, columns = op->x.columns, block = block_of(columns), bytes = bytes_of(format);
  uint64_t row_bytes = (uint64_t)columns * bytes;
  FloatSlab slab;
  WeightBlock w;
  slab.op = op;
  for (uint32_t o = outputs.first; o < outputs.end; o += LANES) {
    uint32_t count = min_u32(LANES, outputs.end - o);
    for (uint32_t row = 0; row < rows; row += SLAB_FLOAT_ROWS) {
      begin_slab(&slab, row, min_u32(row + SLAB_FLOAT_ROWS, rows));
      for (uint32_t first = 0; first < columns; first += block) {
        bool is_last = first + block >= columns;
        w.columns = is_last ? columns - first : block;
        // The next block of these outputs, or the first of those after LANES.
        w.ahead = is_last ? LANES * row_bytes - first * bytes : block * bytes;
        for (uint32_t k = 0; k * GROUP_OUTPUTS < count; k++) {
          for (uint32_t i = 0; i < GROUP_OUTPUTS; i++) {
            w.at[i] = weight_row(op, o + min_u32(k * GROUP_OUTPUTS + i, count - 1), row_bytes) + first * bytes;
          }
          add_to_slab(format, &slab, k, first, &w);
        }
      }
      finish_slab(&slab, o, count);
    }
  }
}
