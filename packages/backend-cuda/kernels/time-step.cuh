// The step of time of a head, from what the model says of a token.
//
//   Δ = clamp(softplus(dt + bias), limits)        softplus(x) = log(1 + exp(x))
#pragma once
#include "kernel.cuh"

static __device__ __forceinline__ float time_step(float dt, float bias, float smallest, float largest) {
  const float x = dt + bias;
  const float step = x > 20.0f ? x : log1pf(expf(x));
  return fminf(fmaxf(step, smallest), largest);
}
