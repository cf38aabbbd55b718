// The embeddings of tokens, from a table as this backend holds it.
//
//   output[r] = table[token[r]], and zeros where the token is −1
#include "shards.h"

typedef struct {
  Extent rows;
  Tokens token;
  Stored table;
  Matrix output;
} Embed;

KERNEL void embed(const Embed *op, uint32_t part, uint32_t parts) {
  (void)parts;
  if (part > 0) return;
  uint32_t columns = op->output.columns;
  if (is_sharded(op->table.data)) {
    // Tokens stand one after the other: they are a column of their own.
    widen_shards(op->table.data, token_of(op->token, 0), *op->rows, row_of(op->output, 0), op->output.stride);
    return;
  }
  Held table = {op->table.data, op->table.format, 0, columns};
  for (uint32_t row = 0; row < *op->rows; row++) {
    int32_t token = *token_of(op->token, row);
    if (token < 0) __builtin_memset(row_of(op->output, row), 0, (uint64_t)columns * 4);
    else widen_row(&table, (uint32_t)token, row_of(op->output, row));
  }
}
