// Tokens of rows: which they are, and how often they came; and rows that are picked out.
#include "segment.h"

typedef struct {
  Extent rows;
  const int32_t *token;
  const int32_t *slot;
  const int32_t *last_token;
  Tokens output;
} ResolveToken;

// output[r] = token[r] ≥ 0 ? token[r] : lastToken[slot[r]], and −1 for padding, a row of slot −1.
KERNEL void resolveToken(const ResolveToken *op, uint32_t part, uint32_t parts) {
  (void)parts;
  if (part > 0) return;
  for (uint32_t row = 0; row < *op->rows; row++) {
    int32_t token = op->token[row], slot = op->slot[row];
    *token_of(op->output, row) = slot == -1 ? -1 : token >= 0 ? token : op->last_token[slot];
  }
}

// The bit of a token count that says that the token stood in the prompt.
#define SEEN_IN_PROMPT (1 << 30)

typedef struct {
  Extent segments;
  const Segment *segment;
  Tokens token;
  const int32_t *generated;
  int32_t *count;
  Count vocabulary_size;
} CountTokens;

//   generated[r] = 0:  count[slot, token[r]] |= SEEN_IN_PROMPT
//   generated[r] = 1:  count[slot, token[r]] += 1
KERNEL void countTokens(const CountTokens *op, uint32_t part, uint32_t parts) {
  (void)parts;
  if (part > 0) return;
  uint64_t size = op->vocabulary_size;
  for (uint32_t index = 0; index < *op->segments; index++) {
    const Segment *s = op->segment + index;
    if (is_padding(s)) continue;
    int32_t *count = op->count + s->write_slot * size;
    if (s->read_slot != s->write_slot) __builtin_memcpy(count, op->count + s->read_slot * size, size * 4);
    for (int32_t row = s->start_row; row < s->start_row + s->row_count; row++) {
      int32_t token = *token_of(op->token, row);
      if (token >= 0) {
        if (op->generated[row] == 1) count[token] += 1;
        else count[token] |= SEEN_IN_PROMPT;
      }
      if (row == s->mark_row) __builtin_memcpy(op->count + s->mark_slot * size, count, size * 4);
    }
  }
}

typedef struct {
  Extent output_rows;
  Matrix input;
  const int32_t *row;
  Matrix output;
} GatherRows;

// output[i] = input[row[i]], and zeros where row[i] is −1.
KERNEL void gatherRows(const GatherRows *op, uint32_t part, uint32_t parts) {
  (void)parts;
  if (part > 0) return;
  uint64_t bytes = (uint64_t)op->output.columns * 4;
  for (uint32_t i = 0; i < *op->output_rows; i++) {
    float *to = row_of(op->output, i);
    if (op->row[i] < 0) __builtin_memset(to, 0, bytes);
    else __builtin_memcpy(to, row_of(op->input, op->row[i]), bytes);
  }
}
