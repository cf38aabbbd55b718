// Penalties, bias and mask, in this order.
//
//   seen      l = l > 0 ? l / repetitionPenalty : l · repetitionPenalty        token in prompt or output
//   generated l = l − presencePenalty − frequencyPenalty · n                   n > 0 times in the output
//   biased    l = l + biasValue                                               for each biasToken ≥ 0
//   masked    l = −∞                                                          where the mask's bit is 0
//
// Penalties are computed in double precision and rounded once. Rows of slot −1 stay as they are.
#include "sampling.h"

// Of a count, without the bit that says that the token stood in the prompt.
#define GENERATED 0x3fffffff

typedef struct {
  Extent output_rows;
  const float *logits;   // [output rows, vocabulary]
  const int32_t *count;  // [slots, vocabulary]
  const int32_t *slot;
  const Setting *setting;
  const Choice *choice;
  const int32_t *bias_token;
  const float *bias_value;
  Count biases;
  const uint32_t *mask;
  Matrix output;
} AdjustLogits;

static void penalize(float *logits, const int32_t *count, const Setting *s, uint32_t vocabulary_size) {
  for (uint32_t t = 0; t < vocabulary_size; t++) {
    if (count[t] == 0) continue;
    double l = logits[t], penalty = s->repetition_penalty;
    double repeated = l > 0 ? l / penalty : l * penalty;
    int32_t n = count[t] & GENERATED;
    logits[t] = (float)(n > 0 ? repeated - s->presence_penalty - (double)s->frequency_penalty * n : repeated);
  }
}

KERNEL void adjustLogits(const AdjustLogits *op, uint32_t part, uint32_t parts) {
  uint32_t size = op->output.columns, mask_words = (size + 31) / 32;
  Share rows = share_of(*op->output_rows, part, parts);
  for (uint32_t row = rows.first; row < rows.end; row++) {
    float *logits = row_of(op->output, row);
    __builtin_memcpy(logits, op->logits + (uint64_t)row * size, (uint64_t)size * 4);
    if (op->slot[row] == -1) continue;

    const Setting *s = op->setting + row;
    if (s->repetition_penalty != 1 || s->presence_penalty != 0 || s->frequency_penalty != 0) {
      penalize(logits, op->count + (uint64_t)op->slot[row] * size, s, size);
    }
    for (uint32_t i = row * op->biases; i < (row + 1) * op->biases; i++) {
      if (op->bias_token[i] >= 0) logits[op->bias_token[i]] += op->bias_value[i];
    }
    int32_t mask_row = op->choice[row].mask_row;
    if (mask_row == -1) continue;
    const uint32_t *mask = op->mask + (uint64_t)mask_row * mask_words;
    for (uint32_t t = 0; t < size; t++) {
      if ((mask[t / 32] >> t % 32 & 1) == 0) logits[t] = -__builtin_inff();
    }
  }
}
