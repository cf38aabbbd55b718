// The selective state-space recurrence of Mamba-2, row after row.
//
//   Δ[t, h] = clamp(softplus(dt[t, h] + dtBias[h]), timeStepLimit)
//   S[t, h] = exp(Δ[t, h] · a[h]) · S[t−1, h] + Δ[t, h] · x[t, h] ⊗ B[t, g]        S is [headDim, stateSize]
//   y[t, h] = S[t, h] · C[t, g] + d[h] · x[t, h]                                   g = floor(h / (heads / groups))
//
// One head goes through a whole segment before the next begins: its state, some 40 KB, then stays in
// the cache. The recurrence is one-step for prefill too, so cutting a prompt elsewhere changes no bit.
//
// Dao & Gu 2024, arXiv:2405.21060, eq. 1.
#include "exponential.h"
#include "segment.h"

typedef struct {
  Extent segments;
  const Segment *segment;
  Matrix x;
  Matrix b;
  Matrix c;
  Matrix dt;
  const float *a;
  const float *d;
  const float *dt_bias;
  Count heads;
  Count head_dim;
  Count state_size;
  Count groups;
  Number least_step;
  Number most_step;
  float *recurrent;
  Matrix y;
} SsmScan;

// log(1 + eˣ), written so that nothing overflows and small results keep their digits.
static double softplus(double x) {
  double size = x < 0 ? -x : x;
  return (x < 0 ? 0 : x) + log_of_one_plus(exponential(-size));
}

static double time_step(const SsmScan *op, int32_t row, uint32_t head) {
  double step = softplus((double)row_of(op->dt, row)[head] + (double)op->dt_bias[head]);
  if (step < op->least_step) return op->least_step;
  return step > op->most_step ? op->most_step : step;
}

// e^x for any x. It grows only where a checkpoint has an a ≥ 0.
static float decay_of(double x) { return (float)(x > 0 ? 1 / exponential(-x) : exponential(x)); }

// How far ahead the state is asked for from memory: pages end the processor's own asking.
#define PREFETCH_FLOATS 1024

// One channel, one row: state = decay · state + drive · b, and returns state · c, its lanes not yet added.
INLINE Floats advance(float *state, float decay, float drive, const float *b, const float *c, uint32_t size) {
  Floats decays = splat(decay), drives = splat(drive), sums = splat(0);
  uint32_t n = 0;
  for (; n + LANES <= size; n += LANES) {
    __builtin_prefetch(state + n + PREFETCH_FLOATS, 1);
    Floats next = multiply_add(drives * load(b + n), decays, load(state + n));
    store(state + n, next);
    sums = multiply_add(sums, next, load(c + n));
  }
  if (n < size) {
    uint32_t rest = size - n;
    Floats next = multiply_add(drives * load_some(b + n, rest), decays, load_some(state + n, rest));
    store_some(state + n, next, rest);
    sums = multiply_add(sums, next, load_some(c + n, rest));
  }
  return sums;
}

static void scan_head(const SsmScan *op, const Segment *s, uint32_t head) {
  uint32_t group = head / (op->heads / op->groups), size = op->state_size, dim = op->head_dim;
  uint64_t head_size = (uint64_t)dim * size, slot_size = op->heads * head_size;
  float *of_head = op->recurrent + head * head_size;
  float *state = of_head + s->write_slot * slot_size;
  if (s->read_slot != s->write_slot) {
    __builtin_memcpy(state, of_head + s->read_slot * slot_size, head_size * 4);
  }

  for (int32_t row = s->start_row; row < s->start_row + s->row_count; row++) {
    const float *b = row_of(op->b, row) + group * size, *c = row_of(op->c, row) + group * size;
    const float *x = row_of(op->x, row) + head * dim;
    float *y = row_of(op->y, row) + head * dim;
    double step = time_step(op, row, head);
    float decay = decay_of(step * op->a[head]);
    // Four channels after each other, and their sums beside each other.
    for (uint32_t p = 0; p < dim; p += 4) {
      Floats sums[4] = {splat(0), splat(0), splat(0), splat(0)};
      uint32_t channels = min_u32(4, dim - p);
      float of_channels[4];
      for (uint32_t k = 0; k < channels; k++) {
        sums[k] = advance(state + (p + k) * size, decay, (float)(step * x[p + k]), b, c, size);
      }
      store_four(of_channels, sums_of_four(sums[0], sums[1], sums[2], sums[3]));
      for (uint32_t k = 0; k < channels; k++) y[p + k] = of_channels[k] + op->d[head] * x[p + k];
    }
    if (row == s->mark_row) __builtin_memcpy(of_head + s->mark_slot * slot_size, state, head_size * 4);
  }
}

KERNEL void ssmScan(const SsmScan *op, uint32_t part, uint32_t parts) {
  Share heads = share_of(op->heads, part, parts);
  for (uint32_t index = 0; index < *op->segments; index++) {
    const Segment *s = op->segment + index;
    if (is_padding(s)) continue;
    for (uint32_t head = heads.first; head < heads.end; head++) scan_head(op, s, head);
  }
}
