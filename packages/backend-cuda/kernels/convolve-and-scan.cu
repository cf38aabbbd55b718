// Mamba-2's convolution and recurrence in one, for segments of a row at most: a step of decoding.
//
//   v[c]     = activation(bias[c] + sum over j of taps[c, j] · u[t − (K−1) + j, c])
//   S[h]     = exp(Δ[h] · a[h]) · S[h] + Δ[h] · x[h] ⊗ B[g]        S is [P, N]        x, B, C: columns of v
//   y[h]     = S[h] · C[g] + d[h] · x[h]
//
//   c  channel        h  head        g = floor(h / heads_per_group)        P  head_dim        N  state_size
//
// A block takes CHANNELS rows of a head's S, a warp OWN of them, each lane every 32nd element. They are asked for
// first, and while they are on their way the block convolves what it needs: its own channels of x, and all of B and
// C of its group, as every other block of the group does. So nobody may write windows here;
// `gated_group_norm_window` does. The arithmetic is that of `causal_conv` and `ssm_scan`, in their order.
//
// Gu & Dao 2023, arXiv:2312.00752, section 3.4; Dao & Gu 2024, arXiv:2405.21060, eq. 1.
#include "activation.cuh"
#include "reduce.cuh"
#include "time-step.cuh"
#include "window.cuh"

/// Two blocks take a head of 80 channels.
constexpr int WARPS = 8, OWN = 5, CHANNELS = WARPS * OWN;

#define PARAMETERS                                                                                                  \
  const int *segments, const Segment *segment_feed, const float *u, int u_stride, const float *taps, int tap_stride, \
      const float *conv_bias, const float *window, int window_channels, int kernel_size, int activation,            \
      int x_channel, int b_channel, int c_channel, const float *dt, int dt_stride, const float *a, const float *d,  \
      const float *dt_bias, float smallest_step, float largest_step, float *recurrent, float *y, int y_stride,      \
      int heads, int head_dim, int state_size, int heads_per_group
#define ARGUMENTS                                                                                                  \
  segments, segment_feed, u, u_stride, taps, tap_stride, conv_bias, window, window_channels, kernel_size,          \
      activation, x_channel, b_channel, c_channel, dt, dt_stride, a, d, dt_bias, smallest_step, largest_step,      \
      recurrent, y, y_stride, heads, head_dim, state_size, heads_per_group

/// The grid counts parts of a head's channels in x, heads in y, segments in z. STATES is N / 32, rounded up.
template <int STATES>
static __device__ __forceinline__ void convolve_and_scan(PARAMETERS) {
  __shared__ float inputs[CHANNELS], b_row[32 * STATES], c_row[32 * STATES];
  if (static_cast<int>(blockIdx.z) >= *segments) return;
  const Segment segment = segment_feed[blockIdx.z];
  if (segment.write_slot < 0) return;

  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, head = blockIdx.y;
  const int first_channel = blockIdx.x * CHANNELS, row = segment.start_row;
  const size_t slot_size = static_cast<size_t>(heads) * head_dim * state_size;
  float* const own = recurrent + (static_cast<size_t>(head) * head_dim + first_channel) * state_size;

  float state[OWN][STATES];
#pragma unroll
  for (int k = 0; k < OWN; k++) {
    const int p = warp + WARPS * k;
#pragma unroll
    for (int i = 0; i < STATES; i++) {
      const int n = lane + 32 * i;
      const bool is_there = first_channel + p < head_dim && n < state_size;
      state[k][i] = is_there ? own[segment.read_slot * slot_size + p * state_size + n] : 0.0f;
    }
  }

  if (segment.row_count > 0) {
    const auto convolved = [&](int channel) {
      float sum = conv_bias ? conv_bias[channel] : 0.0f;
#pragma unroll
      for (int j = 0; j < MOST_TAPS; j++) {
        const int tap = j - (MOST_TAPS - kernel_size);
        if (tap < 0) continue;
        const int of_row = row - MOST_TAPS + 1 + j;
        sum += taps[channel * tap_stride + tap] *
               input_at(u, u_stride, window, window_channels, channel, kernel_size, segment, of_row);
      }
      return activate(activation, sum);
    };
    const int group_channel = head / heads_per_group * state_size;
    for (int i = threadIdx.x; i < CHANNELS + 2 * state_size; i += 32 * WARPS) {
      const int p = i, n = i - CHANNELS;
      if (n >= state_size) c_row[n - state_size] = convolved(c_channel + group_channel + n - state_size);
      else if (n >= 0) b_row[n] = convolved(b_channel + group_channel + n);
      else if (first_channel + p < head_dim) inputs[p] = convolved(x_channel + head * head_dim + first_channel + p);
    }
    __syncthreads();

    const float step = time_step(row_of(dt, row, dt_stride)[head], dt_bias[head], smallest_step, largest_step);
    const float decay = expf(step * a[head]), skip = d[head];
#pragma unroll
    for (int k = 0; k < OWN; k++) {
      const int p = warp + WARPS * k;
      if (first_channel + p >= head_dim) break;
      const float input = inputs[p];
      float sum = 0;
#pragma unroll
      for (int i = 0; i < STATES; i++) {
        const int n = lane + 32 * i;
        if (n >= state_size) continue;
        state[k][i] = decay * state[k][i] + step * input * b_row[n];
        sum += state[k][i] * c_row[n];
      }
      sum = reduce_warp<Add>(sum);
      if (lane == 0) row_of(y, row, y_stride)[head * head_dim + first_channel + p] = sum + skip * input;
    }
  }

  const auto leave = [&](int slot) {
#pragma unroll
    for (int k = 0; k < OWN; k++) {
      const int p = warp + WARPS * k;
#pragma unroll
      for (int i = 0; i < STATES; i++) {
        const int n = lane + 32 * i;
        if (first_channel + p < head_dim && n < state_size) own[slot * slot_size + p * state_size + n] = state[k][i];
      }
    }
  };
  leave(segment.write_slot);
  if (segment.mark_slot >= 0) leave(segment.mark_slot);
}

KERNEL(convolve_and_scan_4, 32 * WARPS, PARAMETERS) { convolve_and_scan<4>(ARGUMENTS); }
KERNEL(convolve_and_scan_8, 32 * WARPS, PARAMETERS) { convolve_and_scan<8>(ARGUMENTS); }
