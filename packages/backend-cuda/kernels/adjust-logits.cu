// Penalties, bias and mask, in this order.
//
//   seen      l = l > 0 ? l / repetitionPenalty : l · repetitionPenalty        token in prompt or output
//   generated l = l − presencePenalty − frequencyPenalty · n                   n > 0 times in the output
//   biased    l = l + biasValue                                               for each biasToken ≥ 0
//   masked    l = −∞                                                          where the mask's bit is 0
//
// The first kernel takes every token of every row and leaves out the biases; the second adds them.
// A masked token stays −∞ whatever is added. Rows of slot −1 are padding and stay as they are. Penalties are
// computed in double precision and rounded once, as @krait/sampler does.
//
// Keskar et al. 2019, arXiv:1909.05858, section 4.1; OpenAI API reference.
#include "sampling.cuh"

constexpr int SEEN_IN_PROMPT = 1 << 30;

__device__ float penalized(float logit, int seen, const Setting& s) {
  if (seen == 0 || (s.repetition_penalty == 1 && s.presence_penalty == 0 && s.frequency_penalty == 0)) return logit;
  double l = logit, penalty = s.repetition_penalty;
  double repeated = l > 0 ? l / penalty : l * penalty;
  int n = seen & ~SEEN_IN_PROMPT;
  if (n == 0) return static_cast<float>(repeated);
  double product = __dmul_rn(s.frequency_penalty, n);
  return static_cast<float>(__dadd_rn(__dadd_rn(repeated, -static_cast<double>(s.presence_penalty)), -product));
}

/// The grid counts tokens in x and output rows in y.
KERNEL(penalize_and_mask, 256, const int* output_rows, const float* logits, const int* count, const int* slot,
       const Setting* setting, const Choice* choice, const unsigned* mask, float* output, int output_stride,
       int vocabulary) {
  int token = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y;
  if (row >= *output_rows || token >= vocabulary) return;
  float logit = row_of(logits, row, vocabulary)[token];
  if (slot[row] >= 0) {
    logit = penalized(logit, row_of(count, slot[row], vocabulary)[token], setting[row]);
    int mask_row = choice[row].mask_row;
    bool is_masked = mask_row >= 0 && !(row_of(mask, mask_row, (vocabulary + 31) / 32)[token / 32] >> token % 32 & 1);
    if (is_masked) logit = -INFINITY;
  }
  row_of(output, row, output_stride)[token] = logit;
}

/// The grid counts biases of a row in x and output rows in y. The first of those of one token adds all of
/// them, in order.
KERNEL(add_biases, 64, const int* output_rows, const int* slot, const int* bias_token, const float* bias_value,
       float* output, int output_stride, int biases) {
  int index = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y;
  if (row >= *output_rows || index >= biases || slot[row] < 0) return;
  const int* tokens = row_of(bias_token, row, biases);
  const float* values = row_of(bias_value, row, biases);
  int token = tokens[index];
  if (token < 0) return;
  for (int i = 0; i < index; i++) if (tokens[i] == token) return;
  float* logit = row_of(output, row, output_stride) + token;
  if (*logit == -INFINITY) return;
  float sum = *logit;
  for (int i = index; i < biases; i++) if (tokens[i] == token) sum += values[i];
  *logit = sum;
}
