// Draws a token from each output row, and leaves it in lastToken[slot]. Exact over the whole row.
//
//   temperature 0   the largest logit, the lower id among equals
//   otherwise       the inverse of the cumulative distribution at u:
//
//   w[i] = e^((l[i] − l[0]) / temperature)        i counts tokens by falling logit, then by rising id
//
//   top-k    keep i < topK
//   top-p    keep i while w[0] + … + w[i − 1] < topP · (the sum of what top-k kept)
//   min-p    keep i while w[i] ≥ minP             w[0] = 1 is the largest
//   token    the first i with w[0] + … + w[i] > u · (the sum of what is kept)
//
// This is @krait/sampler, operation for operation in double precision: the same logits give the same
// token, which a test of every backend tries at random.
//
// A row gives −1 and leaves `lastToken` where a logit is NaN or +∞ or all are −∞; so does padding.
//
// Random numbers: Salmon et al. 2011, doi:10.1145/2063384.2063405 (Philox4x32-10).
#include "exponential.h"
#include "falling-logits.h"
#include "sampling.h"

typedef struct {
  Extent output_rows;
  Matrix logits;
  const int32_t *slot;
  const int32_t *position;
  const Setting *setting;
  const Choice *choice;
  int32_t *last_token;
  Tokens output;
  Workspace workspace;  // [vocabulary] of uint32_t
} DrawToken;

// The uniform number in [0, 1) that belongs to a position: 24 bits of the first word of Philox4x32-10
// for the counter (position, 0, 0, 0) and the seed as key.
static double uniform_at(uint32_t position, uint32_t k0, uint32_t k1) {
  uint32_t c0 = position, c1 = 0, c2 = 0, c3 = 0;
  for (uint32_t round = 0; round < 10; round++, k0 += 0x9e3779b9, k1 += 0xbb67ae85) {
    uint64_t a = (uint64_t)0xd2511f53 * c0, b = (uint64_t)0xcd9e8d57 * c2;
    c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)b;
    c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)a;
  }
  return (c0 >> 8) / 16777216.0;
}

// −1 when nothing can be drawn from the row.
static int32_t largest_logit(const float *logits, uint32_t count) {
  uint32_t whole = count / LANES * LANES, id = 0;
  Floats most = splat(-__builtin_inff());
  Integers unordered = {0};
  for (; id < whole; id += LANES) {
    Floats some = load(logits + id);
    most = at_least(most, some);
    unordered |= some != some;
  }
  float largest = largest_lane(most);
  bool is_unordered = is_any(unordered);
  for (; id < count; id++) {
    if (logits[id] > largest) largest = logits[id];
    is_unordered |= logits[id] != logits[id];
  }
  if (is_unordered || largest == __builtin_inff() || largest == -__builtin_inff()) return -1;
  for (id = 0; id < whole && !is_any(load(logits + id) == largest);) id += LANES;
  while (logits[id] != largest) id++;
  return (int32_t)id;
}

typedef struct {
  FallingLogits order;
  double largest;
  double temperature;
} Draw;

static double weight_of(const Draw *draw, uint32_t token) {
  return exponential(((double)draw->order.logits[token] - draw->largest) / draw->temperature);
}

static double sum_of_all(const Draw *draw, uint32_t count) {
  double sum = 0;
  for (uint32_t token = 0; token < count; token++) sum += weight_of(draw, token);
  return sum;
}

// The first of `kept` tokens at which the running sum of weights exceeds the threshold, else the last one.
static int32_t first_above(Draw *draw, double threshold, uint32_t kept) {
  int32_t chosen = -1;
  double sum = 0;
  for (uint32_t i = 0; i < kept; i++) {
    int32_t token = token_in_order(&draw->order, i);
    if (token < 0) break;
    double weight = weight_of(draw, (uint32_t)token);
    // The sum in another order can round to a little more than this one reaches; weights of 0 never count.
    if (weight > 0) chosen = token;
    sum += weight;
    if (sum > threshold) break;
  }
  return chosen;
}

static int32_t draw_from(Draw *draw, const Setting *s, int32_t top_k, double u, uint32_t count) {
  uint32_t most = top_k > 0 ? min_u32((uint32_t)top_k, draw->order.total) : draw->order.total;
  if (top_k == 0 && s->top_p == 1 && s->min_p == 0) {
    return first_above(draw, u * sum_of_all(draw, count), most);
  }
  double limit = __builtin_inf();
  if (s->top_p < 1) {
    double sum = 0;
    if (top_k == 0) sum = sum_of_all(draw, count);
    else for (uint32_t i = 0; i < most; i++) sum += weight_of(draw, (uint32_t)token_in_order(&draw->order, i));
    limit = s->top_p * sum;
  }
  uint32_t kept = 0;
  double sum_of_kept = 0;
  for (; kept < most && sum_of_kept < limit; kept++) {
    double weight = weight_of(draw, (uint32_t)token_in_order(&draw->order, kept));
    if (!(weight >= s->min_p)) break;
    sum_of_kept += weight;
  }
  return first_above(draw, u * sum_of_kept, kept);
}

KERNEL void drawToken(const DrawToken *op, uint32_t part, uint32_t parts) {
  uint32_t count = op->logits.columns;
  Share rows = share_of(*op->output_rows, part, parts);
  for (uint32_t row = rows.first; row < rows.end; row++) {
    const float *logits = row_of(op->logits, row);
    int32_t slot = op->slot[row];
    int32_t token = slot == -1 ? -1 : largest_logit(logits, count);
    if (token >= 0 && op->setting[row].temperature != 0) {
      const Choice *choice = op->choice + row;
      Draw draw = {.largest = logits[token], .temperature = op->setting[row].temperature};
      start_order(&draw.order, logits, count, workspace_of(op->workspace, part));
      double u = uniform_at((uint32_t)op->position[row], choice->seed_low, choice->seed_high);
      token = draw_from(&draw, op->setting + row, choice->top_k, u, count);
    }
    *token_of(op->output, row) = token;
    if (token >= 0) op->last_token[slot] = token;
  }
}
