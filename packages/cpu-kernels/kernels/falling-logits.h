// The tokens of a row in order of falling logit, the lower id first among equals, found one at a time.
//
// A binary heap of token ids. What was taken is kept behind the heap's end, so that it can be looked at
// again. Williams 1964, algorithm 232; built from the bottom up after Floyd 1964, algorithm 245.
#pragma once

#include "kernel.h"

typedef struct {
  const float *logits;
  uint32_t *tokens;
  uint32_t size;   // of the heap
  uint32_t total;  // with those that were taken
} FallingLogits;

INLINE bool is_before(const float *logits, uint32_t a, uint32_t b) {
  return logits[a] > logits[b] || (logits[a] == logits[b] && a < b);
}

// Moves a token down from a place to where no token below comes before it.
static void sink(FallingLogits *order, uint32_t place, uint32_t token) {
  for (;;) {
    uint32_t child = 2 * place + 1;
    if (child >= order->size) break;
    if (child + 1 < order->size &&
        is_before(order->logits, order->tokens[child + 1], order->tokens[child])) child++;
    if (!is_before(order->logits, order->tokens[child], token)) break;
    order->tokens[place] = order->tokens[child];
    place = child;
  }
  order->tokens[place] = token;
}

// Tokens of −∞ are left out.
static void start_order(FallingLogits *order, const float *logits, uint32_t count, uint32_t *tokens) {
  *order = (FallingLogits){logits, tokens, 0, 0};
  for (uint32_t token = 0; token < count; token++) {
    if (logits[token] > -__builtin_inff()) tokens[order->size++] = token;
  }
  order->total = order->size;
  for (uint32_t i = order->size / 2; i-- > 0;) sink(order, i, tokens[i]);
}

// The token in place i of the order, or −1 after the last.
static int32_t token_in_order(FallingLogits *order, uint32_t i) {
  if (i >= order->total) return -1;
  while (order->total - order->size <= i) {
    uint32_t first = order->tokens[0], last = order->tokens[--order->size];
    if (order->size > 0) sink(order, 0, last);
    order->tokens[order->size] = first;
  }
  return (int32_t)order->tokens[order->total - 1 - i];
}
