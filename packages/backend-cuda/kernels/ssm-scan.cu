// The selective state-space recurrence of Mamba-2, row after row, for short segments.
//
//   S[t, h] = exp(Δ[t, h] · a[h]) · S[t−1, h] + Δ[t, h] · x[t, h] ⊗ B[t, g]        S is [P, N]
//   y[t, h] = S[t, h] · C[t, g] + d[h] · x[t, h]
//
//   h  head        g = floor(h / heads_per_group)        P  head_dim        N  state_size
//
// A warp takes one row of a head's S, [N], through a segment: each lane keeps every 32nd element in registers, so that
// a row is read and written once, in whole lines, and the product with C is a sum over the warp. A segment of
// `longest` rows or more is left to `ssm_chunks`.
//
// Dao & Gu 2024, arXiv:2405.21060, eq. 1.
#include "reduce.cuh"
#include "segment.cuh"
#include "time-step.cuh"

#define PARAMETERS                                                                                                  \
  const int *segments, const Segment *segment_feed, const float *x, int x_stride, const float *b, int b_stride,     \
      const float *c, int c_stride, const float *dt, int dt_stride, const float *a, const float *d,                 \
      const float *dt_bias, float smallest_step, float largest_step, float *recurrent, float *y, int y_stride,      \
      int heads, int head_dim, int state_size, int heads_per_group, int longest
#define ARGUMENTS                                                                                               \
  segments, segment_feed, x, x_stride, b, b_stride, c, c_stride, dt, dt_stride, a, d, dt_bias, smallest_step, \
      largest_step, recurrent, y, y_stride, heads, head_dim, state_size, heads_per_group, longest

constexpr int WARPS = 8;

/// The grid counts parts of WARPS channels in x, heads in y, segments in z. STATES is N / 32, rounded up.
template <int STATES>
static __device__ __forceinline__ void ssm_scan(PARAMETERS) {
  const int lane = threadIdx.x % 32, channel = blockIdx.x * WARPS + threadIdx.x / 32, head = blockIdx.y;
  if (static_cast<int>(blockIdx.z) >= *segments || channel >= head_dim) return;
  const Segment segment = segment_feed[blockIdx.z];
  if (segment.write_slot < 0 || segment.row_count >= longest) return;

  const int first_state = head / heads_per_group * state_size, column = head * head_dim + channel;
  const float decay_rate = a[head], skip = d[head], bias = dt_bias[head];
  const size_t slot_size = static_cast<size_t>(heads) * head_dim * state_size;
  float* const own = recurrent + static_cast<size_t>(column) * state_size;

  float state[STATES];
#pragma unroll
  for (int i = 0; i < STATES; i++) {
    const int n = lane + 32 * i;
    state[i] = n < state_size ? own[segment.read_slot * slot_size + n] : 0.0f;
  }
  const auto leave = [&](int slot) {
#pragma unroll
    for (int i = 0; i < STATES; i++) {
      const int n = lane + 32 * i;
      if (n < state_size) own[slot * slot_size + n] = state[i];
    }
  };

  for (int row = segment.start_row; row < segment.start_row + segment.row_count; row++) {
    const float step = time_step(row_of(dt, row, dt_stride)[head], bias, smallest_step, largest_step);
    const float decay = expf(step * decay_rate);
    const float input = row_of(x, row, x_stride)[column];
    const float* b_row = row_of(b, row, b_stride) + first_state;
    const float* c_row = row_of(c, row, c_stride) + first_state;
    float sum = 0;
#pragma unroll
    for (int i = 0; i < STATES; i++) {
      const int n = lane + 32 * i;
      if (n >= state_size) continue;
      state[i] = decay * state[i] + step * input * b_row[n];
      sum += state[i] * c_row[n];
    }
    sum = reduce_warp<Add>(sum);
    if (lane == 0) row_of(y, row, y_stride)[column] = sum + skip * input;
    if (row == segment.mark_row && segment.mark_slot >= 0) leave(segment.mark_slot);
  }
  leave(segment.write_slot);
}

KERNEL(ssm_scan_4, 32 * WARPS, PARAMETERS) { ssm_scan<4>(ARGUMENTS); }
KERNEL(ssm_scan_8, 32 * WARPS, PARAMETERS) { ssm_scan<8>(ARGUMENTS); }
