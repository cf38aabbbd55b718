// Elfwing et al. 2017, arXiv:1702.03118, for silu; So et al. 2021, arXiv:2109.08668, for the squared ReLU.
#pragma once
#include "kernel.cuh"

enum Activation { NO_ACTIVATION = 0, RELU2 = 1, SILU = 2 };

__device__ __forceinline__ float silu(float x) { return x / (1.0f + expf(-x)); }

__device__ __forceinline__ float activate(int kind, float x) {
  if (kind == RELU2) {
    float positive = x > 0.0f ? x : 0.0f;
    return positive * positive;
  }
  return kind == SILU ? silu(x) : x;
}
