// The recurrence of Mamba-2 for long segments: chunks of Q rows by matrix products, on tensor cores, and the state from
// chunk to chunk.
//
//   l[t]     = sum over s ≤ t of Δ[s] · a, within the chunk
//   G[t, s]  = (C[t] · B[s]) · exp(l[t] − l[s]) · Δ[s]      for s ≤ t, else 0
//   y[t]     = G[t] · x + exp(l[t]) · S · C[t] + d · x[t]
//   S        = exp(l[Q − 1]) · S + sum over s of exp(l[Q − 1] − l[s]) · Δ[s] · x[s] ⊗ B[s]
//
//   t, s  rows of the chunk        S  the head's state, [P, N]
//
// One block takes one head of one segment, with S in shared memory throughout. Q is 32 whatever chunk the model was
// trained with: that changes rounding only, and here everything fits into 99 KiB, one row of a chunk is a lane, and
// the fewest operations are spent. A chunk also ends at the mark row. Rows past a chunk's end are zeros, which change
// nothing. Rows of matrices are four or eight elements longer than they need be, so that a warp's reads lie in
// different banks.
//
// Dao & Gu 2024, arXiv:2405.21060, section 6 and listing 1.
#include "exact-product.cuh"
#include "segment.cuh"
#include "time-step.cuh"

constexpr int Q = 32;
constexpr int THREADS = 256, WARPS = THREADS / 32;
constexpr int G_STRIDE = Q + 4;

/// A matrix in shared memory.
struct Tile {
  float* base;
  int stride;
  __device__ __forceinline__ float& at(int row, int column) const { return base[row * stride + column]; }
};

/// Rows of a value into a tile, zeros where there are none; a warp takes a row.
static __device__ void load_rows(Tile tile, int tile_columns, const float* from, int from_stride, int rows, int columns) {
  for (int row = threadIdx.x / 32; row < Q; row += WARPS) {
    for (int column = threadIdx.x % 32; column < tile_columns; column += 32) {
      const bool is_there = row < rows && column < columns;
      tile.at(row, column) = is_there ? row_of(from, row, from_stride)[column] : 0.0f;
    }
  }
}

/// The grid counts heads in x, segments in y.
KERNEL(ssm_chunks, THREADS, const int* segments, const Segment* segment_feed, const float* x, int x_stride,
       const float* b, int b_stride, const float* c, int c_stride, const float* dt, int dt_stride, const float* a,
       const float* d, const float* dt_bias, float smallest_step, float largest_step, float* recurrent, float* y,
       int y_stride, int heads, int head_dim, int state_size, int heads_per_group, int shortest) {
  __shared__ float steps[Q], logs[Q], weights[Q];
  DYNAMIC_SHARED(float, shared);
  if (static_cast<int>(blockIdx.y) >= *segments) return;
  const Segment segment = segment_feed[blockIdx.y];
  if (segment.write_slot < 0 || segment.row_count < shortest) return;

  const int head = blockIdx.x, first_state = head / heads_per_group * state_size, first_column = head * head_dim;
  const int tile_p = (head_dim + 15) / 16 * 16, tile_n = (state_size + 7) / 8 * 8;
  const Tile B{shared, tile_n + 4}, C{B.base + Q * B.stride, tile_n + 4}, X{C.base + Q * C.stride, tile_p + 8};
  const Tile G{X.base + Q * X.stride, G_STRIDE}, S{G.base + Q * G.stride, tile_n + 4};
  const int warp = threadIdx.x / 32, g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
  const float decay_rate = a[head], skip = d[head], bias = dt_bias[head];
  const size_t slot_size = static_cast<size_t>(heads) * head_dim * state_size;
  float* const own = recurrent + static_cast<size_t>(first_column) * state_size;

  for (int p = warp; p < tile_p; p += WARPS) {
    for (int n = threadIdx.x % 32; n < tile_n; n += 32) {
      const bool is_there = p < head_dim && n < state_size;
      S.at(p, n) = is_there ? own[segment.read_slot * slot_size + p * state_size + n] : 0.0f;
    }
  }
  const auto leave = [&](int slot) {
    for (int p = warp; p < head_dim; p += WARPS) {
      for (int n = threadIdx.x % 32; n < state_size; n += 32) own[slot * slot_size + p * state_size + n] = S.at(p, n);
    }
  };

  const int end = segment.start_row + segment.row_count;
  const int marked = segment.mark_slot >= 0 ? segment.mark_row + 1 : -1;
  for (int start = segment.start_row; start < end;) {
    const int stop = start < marked ? min(end, marked) : end;
    const int rows = min(Q, stop - start);
    load_rows(B, tile_n, row_of(b, start, b_stride) + first_state, b_stride, rows, state_size);
    load_rows(C, tile_n, row_of(c, start, c_stride) + first_state, c_stride, rows, state_size);
    load_rows(X, tile_p, row_of(x, start, x_stride) + first_column, x_stride, rows, head_dim);
    if (warp == 0) {
      const int row = threadIdx.x;
      const float step =
          row < rows ? time_step(row_of(dt, start + row, dt_stride)[head], bias, smallest_step, largest_step) : 0.0f;
      float log = step * decay_rate;
#pragma unroll
      for (int before = 1; before < Q; before *= 2) {
        const float other = __shfl_up_sync(ALL_LANES, log, before);
        if (row >= before) log += other;
      }
      steps[row] = step;
      logs[row] = log;
      weights[row] = expf(__shfl_sync(ALL_LANES, log, Q - 1) - log) * step;
    }
    __syncthreads();

    for (int tile = warp; tile < Q / 16 * (Q / 8); tile += WARPS) {
      const int row = tile % (Q / 16) * 16, column = tile / (Q / 16) * 8;
      float sums[4] = {};
      add_product(sums, tile_n, [&](int i, int k) { return C.at(row + i, k); },
                  [&](int k, int j) { return B.at(column + j, k); });
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const int to = row + g + i / 2 * 8, from = column + 2 * t + i % 2;
        G.at(to, from) = from <= to ? sums[i] * expf(logs[to] - logs[from]) * steps[from] : 0.0f;
      }
    }
    __syncthreads();

    for (int tile = warp; tile < Q / 16 * (tile_p / 8); tile += WARPS) {
      const int row = tile % (Q / 16) * 16, column = tile / (Q / 16) * 8;
      float sums[4] = {};
      add_product(sums, tile_n, [&](int i, int k) { return C.at(row + i, k); },
                  [&](int k, int j) { return S.at(column + j, k); });
#pragma unroll
      for (int i = 0; i < 4; i++) sums[i] *= expf(logs[row + g + i / 2 * 8]);
      add_product(sums, Q, [&](int i, int k) { return G.at(row + i, k); },
                  [&](int k, int j) { return X.at(k, column + j); });
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const int r = row + g + i / 2 * 8, p = column + 2 * t + i % 2;
        if (r < rows && p < head_dim) row_of(y, start + r, y_stride)[first_column + p] = sums[i] + skip * X.at(r, p);
      }
    }
    __syncthreads();

    const float decay = expf(logs[Q - 1]);
    for (int tile = warp; tile < tile_p / 16 * (tile_n / 8); tile += WARPS) {
      const int row = tile % (tile_p / 16) * 16, column = tile / (tile_p / 16) * 8;
      float sums[4];
#pragma unroll
      for (int i = 0; i < 4; i++) sums[i] = decay * S.at(row + g + i / 2 * 8, column + 2 * t + i % 2);
      add_product(sums, Q, [&](int i, int k) { return X.at(k, row + i) * weights[k]; },
                  [&](int k, int j) { return B.at(k, column + j); });
#pragma unroll
      for (int i = 0; i < 4; i++) S.at(row + g + i / 2 * 8, column + 2 * t + i % 2) = sums[i];
    }
    __syncthreads();

    start += rows;
    if (start == marked) leave(segment.mark_slot);
  }
  leave(segment.write_slot);
}
