// Token ids of rows, and the rows of values that are wanted.
//
//   resolve_token   output[r] = token[r] ≥ 0 ? token[r] : last_token[slot[r]], −1 for padding
//   gather_rows     output[i] = input[row[i]], zeros where row[i] is −1
#include "kernel.cuh"

KERNEL(resolve_token, 64, const int* rows, const int* token, const int* slot, const int* last_token, int* output,
       int output_stride) {
  int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row >= *rows) return;
  int resolved = -1;
  if (slot[row] >= 0) resolved = token[row] >= 0 ? token[row] : last_token[slot[row]];
  *row_of(output, row, output_stride) = resolved;
}

/// The grid counts columns in x and output rows in y.
KERNEL(gather_rows, 128, const int* output_rows, const int* row, const float* input, int input_stride, float* output,
       int output_stride, int columns) {
  int c = blockIdx.x * blockDim.x + threadIdx.x, i = blockIdx.y;
  if (i >= *output_rows || c >= columns) return;
  row_of(output, i, output_stride)[c] = row[i] < 0 ? 0.0f : row_of(input, row[i], input_stride)[c];
}
