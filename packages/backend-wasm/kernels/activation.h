// What may follow a sum.
#pragma once

#include "exponential.h"

// In the order of `activations` in `src/kernels.ts`.
typedef enum { IDENTITY, SQUARED_RELU, SILU } Activation;

// x · sigmoid(x). Elfwing et al. 2017, arXiv:1702.03118.
INLINE float4 silu(float4 x) {
  return wasm_f32x4_div(x, add(splat(1), exp4(wasm_f32x4_neg(x))));
}

// max(x, 0)². So et al. 2021, arXiv:2109.08668.
INLINE float4 squared_relu(float4 x) {
  float4 positive = wasm_f32x4_max(x, splat(0));
  return mul(positive, positive);
}

INLINE float4 activate(Activation activation, float4 x) {
  if (activation == SILU) return silu(x);
  return activation == SQUARED_RELU ? squared_relu(x) : x;
}
