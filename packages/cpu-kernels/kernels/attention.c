// Attention of each query row over the pages of its own sequence, without positional encoding.
//
//   score[p] = scale · query[r, h] · keys[p, k]            p ≤ position[r]
//   output[r, h] = sum over p of softmax(score)[p] · values[p, k]
//
//   h  query head        k = floor(h / (heads / keyValueHeads))
//
// Page by page with a running softmax (`attend-page.h`). Of consecutive rows of one sequence, head after head is taken
// through all pages, each widened to f32 once for all the queries that read it. A row alone has few queries, and what
// it takes is memory: page after page is read once from its beginning to its end, and halves are widened as they are
// loaded.
// Pages begin at fixed positions, so a row's result does not depend on the rows beside it.
//
// Rows of slot −1 are padding and give zeros.
//
// Vaswani et al. 2017, arXiv:1706.03762, eq. 1; Milakov & Gimelshein 2018, arXiv:1805.02867, for the
// running softmax; Ainslie et al. 2023, arXiv:2305.13245, for the shared heads.
#include "attend-page.h"

typedef struct {
  Extent rows;
  Matrix query;
  Count heads;
  Count key_value_heads;
  Count head_dim;
  Number scale;
  Places places;
  Stored keys;
  Stored values;
  Matrix output;
  // Keys and values of a page, [PAGE_SIZE, headDim] each; then a Running for each row and shared head, or for each head.
  Workspace workspace;
} Attention;

// One head's part of a page as f32, [count, headDim].
static void widen_page(const Attention *op, Stored state, uint64_t place, uint32_t head, uint32_t count,
                       float *page) {
  uint64_t bytes = (uint64_t)op->head_dim * bytes_of(state.format);
  for (uint32_t p = 0; p < count; p++) {
    const char *from = (const char *)state.data + ((place + p) * op->key_value_heads + head) * bytes;
    widen(from, page + p * op->head_dim, op->head_dim, state.format);
  }
}

// Asks for one head's part of a page before it is needed: it lies in short pieces far apart, in which no
// processor sees a pattern by itself.
static void prefetch_page(const Attention *op, Stored state, uint64_t place, uint32_t head, uint32_t count) {
  uint64_t bytes = (uint64_t)op->head_dim * bytes_of(state.format);
  for (uint32_t p = 0; p < count; p++) {
    const char *from = (const char *)state.data + ((place + p) * op->key_value_heads + head) * bytes;
    for (uint64_t i = 0; i < bytes; i += 64) __builtin_prefetch(from + i);
  }
}

// One head's part of a page as it is stored.
static Page page_in(const Attention *op, Stored state, uint64_t place, uint32_t head) {
  uint64_t bytes = (uint64_t)op->head_dim * bytes_of(state.format), stride = op->key_value_heads * bytes;
  return (Page){(const char *)state.data + place * stride + head * bytes, stride};
}

static Page widened_page(const Attention *op, const float *page) {
  return (Page){(const char *)page, op->head_dim * sizeof(float)};
}

// How many positions of a page from `start` on a row sees.
INLINE uint32_t seen_of(int32_t position, int32_t start) {
  return position < start ? 0 : min_u32(PAGE_SIZE, position + 1 - start);
}

// Rows `first` to `end` − 1, all of one slot, over the keys and values of one head.
static void attend(const Attention *op, uint32_t first, uint32_t end, uint32_t head, float *workspace) {
  uint32_t shared = op->heads / op->key_value_heads, dim = op->head_dim;
  const int32_t *position = op->places.position;
  float *keys = workspace, *values = keys + PAGE_SIZE * dim;
  Running *running = (Running *)(values + PAGE_SIZE * dim);
  Page of_keys = widened_page(op, keys), of_values = widened_page(op, values);
  int32_t last = 0;
  for (uint32_t row = first; row < end; row++) {
    if (position[row] > last) last = position[row];
    for (uint32_t h = 0; h < shared; h++) running[(row - first) * shared + h] = (Running){-__builtin_inff(), 0};
    __builtin_memset(row_of(op->output, row) + head * shared * dim, 0, shared * dim * 4);
  }
  for (int32_t start = 0; start <= last; start += PAGE_SIZE) {
    uint64_t place = place_of(op->places, op->places.slot[first], start);
    uint32_t in_page = min_u32(PAGE_SIZE, last + 1 - start);
    widen_page(op, op->keys, place, head, in_page, keys);
    widen_page(op, op->values, place, head, in_page, values);
    if (start + PAGE_SIZE <= last) {
      uint64_t next = place_of(op->places, op->places.slot[first], start + PAGE_SIZE);
      uint32_t in_next = min_u32(PAGE_SIZE, last + 1 - start - PAGE_SIZE);
      prefetch_page(op, op->keys, next, head, in_next);
      prefetch_page(op, op->values, next, head, in_next);
    }
    Query waiting[MOST_QUERIES];
    uint32_t count = 0, waits = 0;
    for (uint32_t row = first; row < end; row++) {
      uint32_t seen = seen_of(position[row], start);
      for (uint32_t h = 0; h < shared && seen > 0; h++) {
        if (seen != count) {
          attend_queries(waits, waiting, of_keys, of_values, false, count, dim, op->scale);
          waits = 0;
        }
        uint32_t column = (head * shared + h) * dim;
        count = seen;
        waiting[waits++] = (Query){row_of(op->query, row) + column, row_of(op->output, row) + column,
                                   running + (row - first) * shared + h};
        if (waits < MOST_QUERIES) continue;
        attend_queries(waits, waiting, of_keys, of_values, false, count, dim, op->scale);
        waits = 0;
      }
    }
    attend_queries(waits, waiting, of_keys, of_values, false, count, dim, op->scale);
  }
  for (uint32_t row = first; row < end; row++) {
    for (uint32_t i = 0; i < shared * dim; i++) {
      row_of(op->output, row)[head * shared * dim + i] /= running[(row - first) * shared + i / dim].sum;
    }
  }
}

// A run of positions of a slot that lie in one page.
typedef struct {
  uint64_t place;
  uint32_t count;
} Run;

// What a row reads of the page of position `start`; nothing where there is none.
static Run run_of(const Attention *op, uint32_t row, int32_t start) {
  if (row >= *op->rows || op->places.slot[row] == -1) return (Run){0, 0};
  uint32_t count = seen_of(op->places.position[row], start);
  return (Run){count > 0 ? place_of(op->places, op->places.slot[row], start) : 0, count};
}

// A row alone, over the keys and values of some heads: page by page, since they lie beside each other there. While it is
// at one, the next is on its way, after its last the first of the row behind it.
static void attend_row(const Attention *op, uint32_t row, Share heads, float *workspace) {
  uint32_t shared = op->heads / op->key_value_heads, dim = op->head_dim, columns = shared * dim;
  int32_t position = op->places.position[row];
  bool is_f16 = op->keys.format == F16 && op->values.format == F16;
  bool is_widened = !is_f16 && (op->keys.format != F32 || op->values.format != F32);
  float *keys = workspace, *values = keys + PAGE_SIZE * dim, *output = row_of(op->output, row);
  Running *running = (Running *)(values + PAGE_SIZE * dim);
  for (uint32_t h = heads.first * shared; h < heads.end * shared; h++) running[h] = (Running){-__builtin_inff(), 0};
  __builtin_memset(output + heads.first * columns, 0, (heads.end - heads.first) * columns * sizeof(float));
  for (int32_t start = 0; start <= position; start += PAGE_SIZE) {
    Run run = run_of(op, row, start), next = run_of(op, row, start + PAGE_SIZE);
    if (next.count == 0) next = run_of(op, row + 1, 0);
    for (uint32_t head = heads.first; head < heads.end; head++) {
      prefetch_page(op, op->keys, next.place, head, next.count);
      prefetch_page(op, op->values, next.place, head, next.count);
      Page of_keys = page_in(op, op->keys, run.place, head), of_values = page_in(op, op->values, run.place, head);
      if (is_widened) {
        widen_page(op, op->keys, run.place, head, run.count, keys);
        widen_page(op, op->values, run.place, head, run.count, values);
        of_keys = widened_page(op, keys);
        of_values = widened_page(op, values);
      }
      for (uint32_t h = head * shared; h < (head + 1) * shared;) {
        Query some[MOST_QUERIES];
        uint32_t queries = 0;
        for (; queries < MOST_QUERIES && h < (head + 1) * shared; h++) {
          some[queries++] = (Query){row_of(op->query, row) + h * dim, output + h * dim, running + h};
        }
        attend_queries(queries, some, of_keys, of_values, is_f16, run.count, dim, op->scale);
      }
    }
  }
  for (uint32_t h = heads.first * shared; h < heads.end * shared; h++) {
    for (uint32_t i = 0; i < dim; i++) output[h * dim + i] /= running[h].sum;
  }
}

// A row alone is divided into fewer parts than others: the fewer they are, the longer are the runs of memory that each
// of them reads.
#define PARTS_IN_ONE 4

KERNEL void attention(const Attention *op, uint32_t part, uint32_t parts) {
  uint32_t rows = *op->rows;
  const int32_t *slot = op->places.slot;
  Share heads = share_of(op->key_value_heads, part, parts);
  uint32_t larger = (parts + PARTS_IN_ONE - 1) / PARTS_IN_ONE;
  Share of_alone = part < larger ? share_of(op->key_value_heads, part, larger) : (Share){0, 0};
  uint32_t columns = op->output.columns / op->key_value_heads;
  for (uint32_t first = 0, end; first < rows; first = end) {
    for (end = first + 1; end < rows && slot[end] == slot[first];) end++;
    if (slot[first] != -1 && end - first == 1) {
      attend_row(op, first, of_alone, workspace_of(op->workspace, part));
      continue;
    }
    for (uint32_t head = heads.first; head < heads.end; head++) {
      if (slot[first] != -1) {
        attend(op, first, end, head, workspace_of(op->workspace, part));
        continue;
      }
      for (uint32_t row = first; row < end; row++) {
        __builtin_memset(row_of(op->output, row) + head * columns, 0, columns * sizeof(float));
      }
    }
  }
}
