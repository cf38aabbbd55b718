// What the host needs of a row of logits to say how likely tokens were.
#include "exponential.h"

typedef struct {
  Extent output_rows;
  const float *logits;  // [output rows, vocabulary]
  Count vocabulary_size;
  Matrix output;
} LogSumExp;

// The exponentials are single, their sum is double. `largest` is taken out of them.
static double sum_of_exponentials(const float *logits, uint32_t size, float largest) {
  Doubles4 sums[LANES / 4] = {0};
  for (uint32_t t = 0; t < size; t += LANES) {
    // Lanes past the end are as good as −∞.
    Floats above = load_upto(logits + t, size - t) - largest;
    if (size - t < LANES) above = only_first(size - t, above, splat(-__builtin_inff()));
    Floats4 fours[LANES / 4];
    part(choose(above < -87.3f, splat(0), exp_of(above)), fours);
#pragma GCC unroll 4
    for (uint32_t i = 0; i < LANES / 4; i++) sums[i] += __builtin_convertvector(fours[i], Doubles4);
  }
  double sum = 0;
  for (uint32_t i = 0; i < LANES; i++) sum += sums[i / 4][i % 4];
  return sum;
}

// output[r] = log(sum over t of exp(logits[r, t])), the largest logit taken out of the sum first.
KERNEL void logSumExp(const LogSumExp *op, uint32_t part, uint32_t parts) {
  uint32_t size = op->vocabulary_size;
  Share rows = share_of(*op->output_rows, part, parts);
  for (uint32_t row = rows.first; row < rows.end; row++) {
    const float *logits = op->logits + (uint64_t)row * size;
    Floats most = splat(-__builtin_inff());
    uint32_t whole = size / LANES * LANES;
    for (uint32_t t = 0; t < whole; t += LANES) most = at_least(most, load(logits + t));
    float largest = largest_lane(most);
    for (uint32_t t = whole; t < size; t++) if (logits[t] > largest) largest = logits[t];
    *row_of(op->output, row) = (float)((double)largest + logarithm(sum_of_exponentials(logits, size, largest)));
  }
}

typedef struct {
  Extent output_rows;
  const float *logits;
  Count vocabulary_size;
  Tokens ids;
  Matrix largest;
} TopK;

// The largest logits of each row, as many as the outputs have columns, largest first and the lower id
// first among equals. NaN is never among them; where fewer are left, the rest are id −1 and −∞.
KERNEL void topK(const TopK *op, uint32_t part, uint32_t parts) {
  uint32_t count = op->ids.columns;
  if (count == 0) return;
  Share rows = share_of(*op->output_rows, part, parts);
  for (uint32_t row = rows.first; row < rows.end; row++) {
    const float *logits = op->logits + (uint64_t)row * op->vocabulary_size;
    int32_t *ids = token_of(op->ids, row);
    float *largest = row_of(op->largest, row);
    uint32_t found = 0;
    for (uint32_t t = 0; t < op->vocabulary_size; t++) {
      // Most are smaller than what was found already.
      while (found == count && t + LANES <= op->vocabulary_size) {
        uint32_t larger = first_lane(load(logits + t) > largest[count - 1]);
        t += larger;
        if (larger < LANES) break;
      }
      if (t == op->vocabulary_size) break;
      if (logits[t] != logits[t] || (found == count && !(logits[t] > largest[count - 1]))) continue;
      uint32_t place = found < count ? found++ : count - 1;
      for (; place > 0 && largest[place - 1] < logits[t]; place--) {
        ids[place] = ids[place - 1];
        largest[place] = largest[place - 1];
      }
      ids[place] = (int32_t)t;
      largest[place] = logits[t];
    }
    for (; found < count; found++) {
      ids[found] = -1;
      largest[found] = -__builtin_inff();
    }
  }
}

typedef struct {
  Extent output_rows;
  const float *logits;
  Count vocabulary_size;
  Tokens token;
  Matrix output;
} TokenLogit;

// output[r] = logits[r, token[r]], and −∞ where the token is −1.
KERNEL void tokenLogit(const TokenLogit *op, uint32_t part, uint32_t parts) {
  Share rows = share_of(*op->output_rows, part, parts);
  for (uint32_t row = rows.first; row < rows.end; row++) {
    int32_t token = *token_of(op->token, row);
    *row_of(op->output, row) =
        token < 0 ? -__builtin_inff() : op->logits[(uint64_t)row * op->vocabulary_size + token];
  }
}
