// What follows a matrix product, for one of its sums.
//
//   y[r, o] = activation(scale · sum + bias[o]) + residual[r, o]
#pragma once
#include "activation.cuh"

#define LINEAR_OUTPUT_PARAMETERS                                                                                 \
  float scale, const float *bias, int activation, const float *residual, int residual_stride, float *y, int y_stride
#define LINEAR_OUTPUT_ARGUMENTS scale, bias, activation, residual, residual_stride, y, y_stride

static __device__ __forceinline__ void store_output(int row, int output, float sum, LINEAR_OUTPUT_PARAMETERS) {
  float value = activate(activation, scale * sum + (bias ? bias[output] : 0.0f));
  if (residual) value += row_of(residual, row, residual_stride)[output];
  row_of(y, row, y_stride)[output] = value;
}
