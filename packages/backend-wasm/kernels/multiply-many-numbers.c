// Products of many rows with a weight of f32, f16 or bf16.
//
// A block of columns of eight outputs is multiplied by slab after slab of rows of x, so many that they stay in the
// second-level cache, two outputs and a group of rows at a time. The first rows widen the weight, the others find it
// widened in a panel. Sums stay in memory between blocks, lane by lane, so that they are added in the order of
// `multiply-numbers.c`.
#include "add-products.h"

#define OUTPUTS 8
#define PAIRS_OF_OUTPUTS (OUTPUTS / 2)
// The longest block of columns, and the most groups of a slab: memory is fastest where it is read far without a break.
#define BLOCK_COLUMNS 5120
#define SLAB_GROUPS 3
// Shorter rows come from memory one after the other without being asked for.
#define LEAST_ASKED_COLUMNS 512

// Sums of two outputs with a group of rows.
typedef float4 Lanes[2 * GROUP_ROWS];

typedef struct {
  const float4 *x;
  uint32_t row;
  uint32_t rows;
} Group;

typedef struct {
  const Held *weight;
  float4 *panel;
  uint32_t groups;
  Group group[MOST_GROUPS];
  Lanes sums[PAIRS_OF_OUTPUTS][MOST_GROUPS];
} Many;

// Some columns of two outputs.
typedef struct {
  const void *at[2];
  uint32_t first;
  uint32_t columns;
  float4 *widened;
} Pair;

// Past the last output, the last one again.
INLINE const char *stored_at(Format format, const Many *m, uint32_t output, uint32_t column) {
  const Held *weight = m->weight;
  uint64_t index = (uint64_t)min_u32(output, weight->rows - 1) * weight->columns + column;
  return (const char *)weight->data + index * bytes_of(format);
}

// Loads the beginnings of rows that come next: memory gets them while others are multiplied, and its prefetcher learns
// of them.
INLINE void ask_for(Format format, const Many *m, uint32_t output, uint32_t column) {
  const char *rows[] = {stored_at(format, m, output, column), stored_at(format, m, output + 1, column)};
  uint32_t bytes = (m->weight->columns - column) * bytes_of(format);
#pragma unroll
  for (uint32_t i = 0; i < 2; i++) {
    (void)*(const volatile uint8_t *)rows[i];
    if (bytes > 64) (void)*(const volatile uint8_t *)(rows[i] + 64);
  }
}

static void widen_pair(const Pair *p) {
#pragma unroll
  for (uint32_t o = 0; o < 2; o++) {
    float4 *to = p->widened + o;
    uint32_t i = 0;
    for (; i + 4 <= p->columns; i += 4, to += 2) *to = load_stored(p->at[o], i, F16);
    if (i < p->columns) *to = load_some_stored(p->at[o], i, F16, p->columns - i);
  }
}

// Adds the products of a pair with the groups from `group` to `end` − 1.
INLINE void add_pair(Format format, Many *m, const Pair *p, Lanes *sums, uint32_t group, uint32_t end) {
  bool widens = group == 0;
  if (format == F16 && widens) widen_pair(p);
  for (; group < end; group++, widens = false) {
    uint32_t rows = m->group[group].rows;
    const float4 *x = m->group[group].x + p->first / 4 * rows;
    uint32_t index = rows - LEAST_GROUP_ROWS;
    if (format == F32) add_f32[index](x, p->at, p->columns, 0, sums[group]);
    else if (format == F16 || !widens) add_widened_of[index](x, p->widened, padded_columns(p->columns), sums[group]);
    else (m->groups == 1 ? add_bf16 : widen_bf16_and_add)[index](x, p->at, p->columns, p->widened, sums[group]);
  }
}

// Adds the products of a block of columns of the outputs from o on.
INLINE void add_block(Format format, Many *m, uint32_t o, uint32_t count, uint32_t first, uint32_t columns) {
  bool asks = columns >= LEAST_ASKED_COLUMNS;
  for (uint32_t group = 0; group < m->groups; group += SLAB_GROUPS) {
    uint32_t end = min_u32(group + SLAB_GROUPS, m->groups);
    for (uint32_t k = 0; 2 * k < count; k++) {
      float4 *widened = m->panel + k * (padded_columns(columns) / 2);
      Pair pair = {{stored_at(format, m, o + 2 * k, first), stored_at(format, m, o + 2 * k + 1, first)}, first, columns, widened};
      if (asks && group == 0 && 2 * k + 2 < count) ask_for(format, m, o + 2 * k + 2, first);
      if (asks && end == m->groups && 2 * k + 2 >= count) {
        if (first + columns < m->weight->columns) ask_for(format, m, o, first + columns);
        else ask_for(format, m, o + OUTPUTS, 0);
      }
      add_pair(format, m, &pair, m->sums[k], group, end);
    }
  }
}

INLINE void begin(Many *m) {
  for (uint32_t k = 0; k < PAIRS_OF_OUTPUTS; k++) {
    for (uint32_t g = 0; g < m->groups; g++) {
#pragma unroll
      for (uint32_t i = 0; i < 2 * GROUP_ROWS; i++) m->sums[k][g][i] = splat(0);
    }
  }
}

INLINE float4 sums_of_pairs(const Lanes *first, const Lanes *second, uint32_t group, uint32_t row) {
  const float4 *a = &first[group][2 * row], *b = &second[group][2 * row];
  return sums_of(a[0], a[1], b[0], b[1]);
}

INLINE void finish(const Many *m, uint32_t count, float *y, uint32_t stride) {
  for (uint32_t g = 0; g < m->groups; g++) {
    float *to = y + m->group[g].row * stride;
    for (uint32_t r = 0; r < m->group[g].rows; r++, to += stride) {
      float4 low = sums_of_pairs(m->sums[0], m->sums[1], g, r), high = sums_of_pairs(m->sums[2], m->sums[3], g, r);
      if (count >= OUTPUTS) {
        store4(to, low);
        store4(to + 4, high);
      } else {
        store_upto4(to, low, count);
        if (count > 4) store_some(to + 4, high, count - 4);
      }
    }
  }
}

// Columns of each block: about as many in all, so that none is hardly worth its beginning.
INLINE uint32_t block_of(uint32_t columns) {
  uint32_t blocks = (columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
  return ((columns + blocks - 1) / blocks + 31) / 32 * 32;
}

INLINE void multiply_many_as(Format format, const Held *weight, Rows x, float *y, uint32_t stride, void *panel) {
  uint32_t columns = weight->columns, block = block_of(columns);
  Many many;
  many.weight = weight;
  many.panel = panel;
  many.groups = groups_of(x.rows);
  for (uint32_t g = 0; g < many.groups; g++) {
    uint32_t row = first_of_group(x.rows, g), rows = first_of_group(x.rows, g + 1) - row;
    many.group[g] = (Group){(const float4 *)((const float *)x.data + row * padded_columns(columns)), row, rows};
  }
  for (uint32_t o = 0; o < weight->rows; o += OUTPUTS) {
    uint32_t count = min_u32(OUTPUTS, weight->rows - o);
    begin(&many);
    for (uint32_t first = 0; first < columns; first += block) {
      add_block(format, &many, o, count, first, min_u32(block, columns - first));
    }
    finish(&many, count, y + o, stride);
  }
}

NOINLINE void multiply_many_f32(const Held *weight, Rows x, float *y, uint32_t stride, void *panel) {
  multiply_many_as(F32, weight, x, y, stride, panel);
}

NOINLINE void multiply_many_f16(const Held *weight, Rows x, float *y, uint32_t stride, void *panel) {
  multiply_many_as(F16, weight, x, y, stride, panel);
}

NOINLINE void multiply_many_bf16(const Held *weight, Rows x, float *y, uint32_t stride, void *panel) {
  multiply_many_as(BF16, weight, x, y, stride, panel);
}

void multiply_many_numbers(const Held *weight, Rows x, float *y, uint32_t stride, void *panel) {
  if (weight->format == F32) multiply_many_f32(weight, x, y, stride, panel);
  else if (weight->format == F16) multiply_many_f16(weight, x, y, stride, panel);
  else multiply_many_bf16(weight, x, y, stride, panel);
}
