// Adds the sums of the parts of a matrix product's columns, in order, and finishes them.
//
//   y[r, o] = activation(scale · sum over z of partial[z, r, o] + bias[o]) + residual[r, o]
//
// The grid counts outputs in x, rows in y.
#include "linear-output.cuh"

KERNEL(linear_join, 256, const int* rows, const float* partial, int parts, int outputs, LINEAR_OUTPUT_PARAMETERS) {
  const int row = blockIdx.y, output = blockIdx.x * 256 + threadIdx.x;
  if (row >= *rows || output >= outputs) return;
  float sum = 0;
  for (int part = 0; part < parts; part++) sum += row_of(partial, part * *rows + row, outputs)[output];
  store_output(row, output, sum, LINEAR_OUTPUT_ARGUMENTS);
}
