// The embeddings of tokens, from a table in any stored format.
//
//   output[r] = table[token[r]], and zeros where the token is −1
#include "block-formats.h"
#include "stored.h"

typedef struct {
  Extent rows;
  Tokens token;
  Stored table;
  Matrix output;
} Embed;

KERNEL void embed(const Embed *op, uint32_t part, uint32_t parts) {
  uint32_t columns = op->output.columns;
  const BlockLayout *layout = layouts + op->table.format;
  uint64_t row_bytes = (uint64_t)(columns / layout->values) * layout->bytes;
  Share rows = share_of(*op->rows, part, parts);
  for (uint32_t row = rows.first; row < rows.end; row++) {
    int32_t token = *token_of(op->token, row);
    float *to = row_of(op->output, row);
    if (token < 0) {
      __builtin_memset(to, 0, (uint64_t)columns * 4);
      continue;
    }
    const uint8_t *from = (const uint8_t *)op->table.data + token * row_bytes;
    if (layout->widen) {
      for (uint32_t c = 0; c < columns; c += layout->values, from += layout->bytes) layout->widen(from, to + c);
    } else {
      widen(from, to, columns, op->table.format);
    }
  }
}
