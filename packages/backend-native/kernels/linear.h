// A matrix product with what usually follows it.
//
//   y[r, o] = activation(sum over i of weight[o, i] · x[r, i] + bias[o]) + residual[r, o]
//
// Outputs are divided into chunks, which threads take one after the other as they are free, so that one
// that is held up takes fewer. Rows of a block format need `prepareLinear` first: it quantizes x.
#pragma once

#include "group.h"
#include "activation.h"

typedef struct {
  Extent rows;
  Matrix x;
  Stored weight;      // [outputs, inputs]
  const float *bias;  // or null
  Count activation;
  Matrix residual;    // of null where there is none
  Matrix y;
  char *workspace;    // of all parts: what prepareLinear leaves
} Linear;

// What follows the sums of outputs o to o + count − 1 of a row, at most LANES of them.
INLINE void finish(const Linear *op, uint32_t row, uint32_t o, uint32_t count, Floats sum) {
  if (op->bias) sum += load_upto(op->bias + o, count);
  sum = activate(op->activation, sum);
  if (op->residual.data) sum += load_upto(row_of(op->residual, row) + o, count);
  store_upto(row_of(op->y, row) + o, sum, count);
}

INLINE const uint8_t *weight_row(const Linear *op, uint32_t o, uint64_t row_bytes) {
  return (const uint8_t *)op->weight.data + o * row_bytes;
}

// How far ahead of a product its weights are asked for from memory.
#define PREFETCH_BYTES 8192

// Weight rows are unpacked into a tile of at most so many bytes, which stays in the second-level cache.
#define TILE_BYTES (384 * 1024)
