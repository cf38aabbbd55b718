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

// So many channels go through a row together: each b and c is then loaded once for all, and no sum waits for another's.
#define CHANNELS 4

// One head's share of a row.
typedef struct {
  double step;  // Δ
  float decay;
  float d;
  const float *b;
  const float *c;
  uint32_t size;
} Row;

// Takes some channels, `apart` from one another, through a row: state = decay · state + Δ · x ⊗ b, y = state · c + d · x.
INLINE void advance(uint32_t channels, uint64_t apart, const Row *row, float *state, const float *x, float *y) {
  Floats4 inputs = {0};
  float *of[CHANNELS];
#pragma GCC unroll 4
  for (uint32_t k = 0; k < channels; k++) {
    inputs[k] = x[k * apart];
    of[k] = state + k * apart * row->size;
  }
  Floats4 drive = __builtin_convertvector(row->step * __builtin_convertvector(inputs, Doubles4), Floats4);
  Floats decays = splat(row->decay), drives[CHANNELS], sums[CHANNELS];
  for (uint32_t k = 0; k < CHANNELS; k++) {
    drives[k] = splat(drive[k]);
    sums[k] = splat(0);
  }
  const float *b = row->b, *c = row->c;
  uintptr_t size = row->size, n = 0;
  for (; n + LANES <= size; n += LANES) {
    Floats of_b = load(b + n), of_c = load(c + n);
#pragma GCC unroll 4
    for (uint32_t k = 0; k < channels; k++) {
      float *at = of[k] + n;
      Floats next = multiply_add(drives[k] * of_b, decays, load(at));
      store(at, next);
      sums[k] = multiply_add(sums[k], next, of_c);
    }
  }
  for (uint32_t k = 0, rest = size - n; k < channels && rest > 0; k++) {
    float *at = of[k] + n;
    Floats next = multiply_add(drives[k] * load_some(b + n, rest), decays, load_some(at, rest));
    store_some(at, next, rest);
    sums[k] = multiply_add(sums[k], next, load_some(c + n, rest));
  }
  Floats4 outputs = sums_of_four(sums[0], sums[1], sums[2], sums[3]) + row->d * inputs;
#pragma GCC unroll 4
  for (uint32_t k = 0; k < channels; k++) y[k * apart] = outputs[k];
}

// All channels of a head. The first row of a segment finds the state in memory: it is read in CHANNELS places at once, on
// and on from each, so that the processor asks for it ahead. For those after it the state is in the cache, where places
// far apart could push one another out.
INLINE void scan_row(const Row *row, bool is_first, uint32_t dim, float *state, const float *x, float *y) {
  uint32_t turns = dim / CHANNELS, apart = is_first ? turns : 1, step = is_first ? 1 : CHANNELS, p = 0;
  for (uint32_t i = 0; i < turns; i++, p += step) advance(CHANNELS, apart, row, state + p * row->size, x + p, y + p);
  for (p = turns * CHANNELS; p < dim; p++) advance(1, 1, row, state + p * row->size, x + p, y + p);
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
    const float *x = row_of(op->x, row) + head * dim;
    float *y = row_of(op->y, row) + head * dim;
    double step = time_step(op, row, head);
    Row now = {
        .step = step,
        .decay = decay_of(step * op->a[head]),
        .d = op->d[head],
        .b = row_of(op->b, row) + group * size,
        .c = row_of(op->c, row) + group * size,
        .size = size,
    };
    scan_row(&now, row == s->start_row, dim, state, x, y);
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
