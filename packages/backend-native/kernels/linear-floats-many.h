// The product of many rows with rows of f32, f16 or bf16: some columns of a slab of x stay in the first-level cache while
// LANES rows of the weight go over them, from memory for the first rows of the slab and from the cache for the others.
//
// x is packed first, group of rows by group, [columns / LANES, rows of the group, LANES], so that a product reads it
// from its beginning to its end: loads from one row after another cost a look at the page of each.
//
// A sum stays in memory between blocks of columns, so its lanes are added in the order of `linear-floats.h`.
#pragma once

#include "float-pairs.h"
#include "linear.h"

// The sums of so many rows with so many outputs fit the registers.
#define GROUP_ROWS 6
#define GROUP_OUTPUTS (LANES == 16 ? 4 : 2)
// The longest block of columns, and the most rows of a slab: together they stay in the first-level cache.
#define BLOCK_COLUMNS 320
#define SLAB_FLOAT_ROWS 18

INLINE uint32_t padded_columns(uint32_t columns) { return (columns + PAIR_COLUMNS - 1) / PAIR_COLUMNS * PAIR_COLUMNS; }

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
    for (uint32_t i = 0; i < columns; i += PAIR_COLUMNS) {
      Floats pair[2];
      load_pair(op->weight.format, x + i, columns - i, pair);
      store(packed + i * rows, pair[0]);
      store(packed + (i + LANES) * rows, pair[1]);
    }
  }
}

// Some columns of GROUP_OUTPUTS rows of the weight.
typedef struct {
  const uint8_t *at[GROUP_OUTPUTS];
  uint32_t columns;
  bool is_first;   // of the columns: sums begin with it
  uint64_t ahead;  // so many bytes after what is multiplied now, memory is asked for what comes later
} WeightBlock;

// Keeps a compiler from loading x anew for each of its uses: loads are what these products take longest for.
INLINE Floats held(Floats x) {
#if defined(__x86_64__) && !defined(EMULATED)
  __asm__("" : "+x"(x));
#endif
  return x;
}

// Adds the products of one vector of each of `rows` packed rows with one of each output. With AVX2 in this order and in
// the registers that the sums are in: they and the weights fill all sixteen, and a compiler that moves them about spills.
INLINE void add_vector(uint32_t rows, const float *x, const Floats weights[], Floats *lanes) {
#pragma GCC unroll 6
  for (uint32_t r = 0; r < rows; r++) {
#if LANES == 8 && defined(__FMA__)
    Floats values;
    __asm__ volatile(
        "vmovups %3, %2\n\t"
        "vfmadd231ps %4, %2, %0\n\t"
        "vfmadd231ps %5, %2, %1"
        : "+x"(lanes[2 * r]), "+x"(lanes[2 * r + 1]), "=&x"(values)
        : "m"(*(const Floats *)(x + r * LANES)), "x"(weights[0]), "x"(weights[1]));
#else
    Floats values = held(load(x + r * LANES));
#pragma GCC unroll 4
    for (uint32_t o = 0; o < GROUP_OUTPUTS; o++) {
      lanes[r * GROUP_OUTPUTS + o] = multiply_add(lanes[r * GROUP_OUTPUTS + o], values, weights[o]);
    }
#endif
  }
}

// Likewise of a pair of vectors, which is at `at` + offset.
INLINE void add_pair(Format format, uint32_t rows, const float *x, const uint8_t *const at[], uint32_t offset,
                     Floats *lanes) {
#pragma GCC unroll 2
  for (uint32_t h = 0; h < 2; h++) {
    Floats weights[GROUP_OUTPUTS];
#pragma GCC unroll 4
    for (uint32_t o = 0; o < GROUP_OUTPUTS; o++) weights[o] = held(load_of_pair(format, at[o] + offset, h));
    add_vector(rows, x + h * rows * LANES, weights, lanes);
  }
}

INLINE void copy_sums(uint32_t rows, const Floats *from, Floats *to) {
#pragma GCC unroll 24
  for (uint32_t k = 0; k < rows * GROUP_OUTPUTS; k++) to[k] = from[k];
}

// Adds the products of a block with `rows` packed rows to their sums, two pairs in each turn; the first rows of a slab
// ask for memory ahead.
INLINE void add_weight_block(Format format, bool asks, uint32_t rows, const float *x, const WeightBlock *w, Floats *sums) {
  uint32_t bytes = PAIR_COLUMNS * bytes_of(format), left = w->columns;
  Floats lanes[GROUP_ROWS * GROUP_OUTPUTS] = {{0}};
  const uint8_t *at[GROUP_OUTPUTS];
#pragma GCC unroll 4
  for (uint32_t o = 0; o < GROUP_OUTPUTS; o++) at[o] = w->at[o];
  if (!w->is_first) copy_sums(rows, sums, lanes);
  for (; left >= 2 * PAIR_COLUMNS; left -= 2 * PAIR_COLUMNS, x += 2 * PAIR_COLUMNS * rows) {
#pragma GCC unroll 16
    for (uint32_t o = 0; asks && o < GROUP_OUTPUTS; o++) {
#pragma GCC unroll 4
      for (uint32_t line = 0; line < 2 * bytes; line += 64) __builtin_prefetch(at[o] + w->ahead + line, 0, 2);
    }
    add_pair(format, rows, x, at, 0, lanes);
    add_pair(format, rows, x + PAIR_COLUMNS * rows, at, bytes, lanes);
#pragma GCC unroll 4
    for (uint32_t o = 0; o < GROUP_OUTPUTS; o++) at[o] += 2 * bytes;
  }
  if (left >= PAIR_COLUMNS) {
    add_pair(format, rows, x, at, 0, lanes);
    for (uint32_t o = 0; o < GROUP_OUTPUTS; o++) at[o] += bytes;
    left -= PAIR_COLUMNS, x += PAIR_COLUMNS * rows;
  }
  if (left > 0) {
    uint8_t ends[GROUP_OUTPUTS][4 * PAIR_COLUMNS];
    for (uint32_t o = 0; o < GROUP_OUTPUTS; o++) {
      copy_some(format, at[o], left, ends[o]);
      at[o] = ends[o];
    }
    add_pair(format, rows, x, at, 0, lanes);
  }
  copy_sums(rows, lanes, sums);
}

// Each format and number of rows is a function of its own, so that they are constants inside.
typedef void AddBlock(const float *x, const WeightBlock *w, Floats *sums);
#define ADD_BLOCK(NAME, FORMAT, ASKS, ROWS)                                       \
  NOINLINE void NAME##_##ROWS(const float *x, const WeightBlock *w, Floats *sums) { \
    add_weight_block(FORMAT, ASKS, ROWS, x, w, sums);                             \
  }
#define ADD_BLOCKS(NAME, FORMAT, ASKS)                                                                  \
  ADD_BLOCK(NAME, FORMAT, ASKS, 1) ADD_BLOCK(NAME, FORMAT, ASKS, 2) ADD_BLOCK(NAME, FORMAT, ASKS, 3)    \
  ADD_BLOCK(NAME, FORMAT, ASKS, 4) ADD_BLOCK(NAME, FORMAT, ASKS, 5) ADD_BLOCK(NAME, FORMAT, ASKS, 6)    \
  static AddBlock *const NAME[GROUP_ROWS] = {NAME##_1, NAME##_2, NAME##_3, NAME##_4, NAME##_5, NAME##_6};
ADD_BLOCKS(ask_and_add_f32, F32, true) ADD_BLOCKS(add_f32, F32, false)
ADD_BLOCKS(ask_and_add_f16, F16, true) ADD_BLOCKS(add_f16, F16, false)
ADD_BLOCKS(ask_and_add_bf16, BF16, true) ADD_BLOCKS(add_bf16, BF16, false)
#undef ADD_BLOCKS
#undef ADD_BLOCK

INLINE AddBlock *block_adder(Format format, bool asks, uint32_t rows) {
  if (format == F32) return (asks ? ask_and_add_f32 : add_f32)[rows - 1];
  if (format == F16) return (asks ? ask_and_add_f16 : add_f16)[rows - 1];
  return (asks ? ask_and_add_bf16 : add_bf16)[rows - 1];
}

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
}

// Adds the products of a block, from column `first` on, to the sums of its outputs.
INLINE void add_to_slab(Format format, FloatSlab *slab, uint32_t k, uint32_t first, const WeightBlock *w) {
  for (uint32_t g = 0; g < slab->groups; g++) {
    uint32_t rows = slab->rows[g];
    block_adder(format, g == 0, rows)(slab->x[g] + first * rows, w, slab->sums[k][g]);
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
        w.is_first = first == 0;
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
