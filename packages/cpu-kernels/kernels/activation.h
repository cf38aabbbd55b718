// What may follow a sum.
#pragma once

#include "exponential.h"

// In the order of `activations` in `src/op-words.ts`.
typedef enum { IDENTITY, SQUARED_RELU, SILU } Activation;

// x · sigmoid(x). Elfwing et al. 2017, arXiv:1702.03118.
INLINE Floats silu(Floats x) { return x / (1.0f + exp_of(-x)); }

// max(x, 0)². So et al. 2021, arXiv:2109.08668.
INLINE Floats squared_relu(Floats x) {
  Floats positive = at_least(x, splat(0));
  return positive * positive;
}

INLINE Floats activate(Activation activation, Floats x) {
  if (activation == SILU) return silu(x);
  return activation == SQUARED_RELU ? squared_relu(x) : x;
}
