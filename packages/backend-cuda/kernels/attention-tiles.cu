// Attention of TILE_ROWS rows of one sequence at once, on tensor cores.
//
//   score[r, p] = scale · query[r, h] · keys[p, k]            p ≤ position[r]
//   output[r, h] = sum over p of softmax(score[r])[p] · values[p, k]
//
// A block takes one head of the rows of a tile; each of its four warps takes sixteen rows. Pages of keys and values are
// brought into shared memory as f32, and the rows' running softmax stays in registers. A product of probabilities and
// values sums over positions, whose order is free: positions 2t and 2t + 1, which a lane has scores of, take the
// places t and t + 4 that it must fill. Rows of matrices are four elements longer than they need be, for banks.
//
// Dao et al. 2022, arXiv:2205.14135.
#include "exact-product.cuh"
#include "pages.cuh"

constexpr int THREADS = 128;

/// A page of keys or values as f32, zeros where no row looks.
template <bool IS_WHOLE, class Element>
static __device__ __forceinline__ void load_page(float* tile, int stride, int channels, const Element* page,
                                                 int columns, int head_dim, int count) {
  for (int i = threadIdx.x; i < PAGE_SIZE * channels / 8; i += THREADS) {
    const int p = i / (channels / 8), first = i % (channels / 8) * 8;
    float eight[8];
    load_channels<IS_WHOLE>(page + static_cast<size_t>(p) * columns, first, head_dim, p < count, eight);
    float4* to = reinterpret_cast<float4*>(tile + p * stride + first);
    to[0] = make_float4(eight[0], eight[1], eight[2], eight[3]);
    to[1] = make_float4(eight[4], eight[5], eight[6], eight[7]);
  }
}

/// The grid counts heads in x, tiles of rows in y. D is head_dim / 8, rounded up.
template <class Element, int D>
static __device__ __forceinline__ void attention_tiles(ATTENTION_PARAMETERS(Element)) {
  constexpr bool IS_SHORT = sizeof(Element) == 2;
  // A head of few channels may have any number of them.
  constexpr bool IS_WHOLE = D == 16;
  constexpr int STRIDE = 8 * D + 4;
  DYNAMIC_SHARED(float, shared);
  float *const queries = shared, *const key_page = queries + TILE_ROWS * STRIDE,
               *const value_page = key_page + PAGE_SIZE * STRIDE;
  const int row_count = *rows, first_row = blockIdx.y * TILE_ROWS;
  if (first_row >= row_count || !is_one_sequence(slot, first_row, row_count)) return;

  const int head = blockIdx.x, key_head = head / (heads / key_value_heads), columns = key_value_heads * head_dim;
  const int own_slot = slot[first_row], rows_of_tile = min(TILE_ROWS, row_count - first_row);
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4, warp_row = threadIdx.x / 32 * 16;

  for (int i = threadIdx.x; i < TILE_ROWS * 8 * D; i += THREADS) {
    const int r = i / (8 * D), channel = i % (8 * D);
    const bool is_there = r < rows_of_tile && channel < head_dim;
    queries[r * STRIDE + channel] =
        is_there ? scale * row_of(query, first_row + r, query_stride)[head * head_dim + channel] : 0.0f;
  }
  // Of the rows g and g + 8 of the warp; −1 sees nothing.
  int last[2];
  int positions = 0;
#pragma unroll
  for (int i = 0; i < 2; i++) {
    const int r = warp_row + g + 8 * i;
    last[i] = r < rows_of_tile ? position[first_row + r] : -1;
  }
  for (int r = 0; r < rows_of_tile; r++) positions = max(positions, position[first_row + r] + 1);

  float found[D][4] = {}, largest[2] = {-INFINITY, -INFINITY}, sum[2] = {};
  for (int first = 0; first < positions; first += PAGE_SIZE) {
    const size_t page = page_table[own_slot * max_pages + first / PAGE_SIZE];
    const size_t base = page * PAGE_SIZE * columns + key_head * head_dim;
    __syncthreads();
    load_page<IS_WHOLE>(key_page, STRIDE, 8 * D, keys + base, columns, head_dim, positions - first);
    load_page<IS_WHOLE>(value_page, STRIDE, 8 * D, values + base, columns, head_dim, positions - first);
    __syncthreads();

    float scores[PAGE_SIZE / 8][4] = {};
#pragma unroll 4
    for (int d = 0; d < D; d++) {
      const float* from = queries + (warp_row + g) * STRIDE + 8 * d + t;
      const float a[4] = {from[0], from[8 * STRIDE], from[4], from[8 * STRIDE + 4]};
#pragma unroll
      for (int n = 0; n < PAGE_SIZE / 8; n++) {
        const float* key = key_page + (8 * n + g) * STRIDE + 8 * d + t;
        exact_mma<IS_SHORT>(scores[n], a, {key[0], key[4]});
      }
    }

#pragma unroll
    for (int i = 0; i < 2; i++) {
      float row_largest = largest[i];
#pragma unroll
      for (int n = 0; n < PAGE_SIZE / 8; n++) {
#pragma unroll
        for (int j = 0; j < 2; j++) {
          float& score = scores[n][2 * i + j];
          if (first + 8 * n + 2 * t + j > last[i]) score = -INFINITY;
          row_largest = fmaxf(row_largest, score);
        }
      }
      row_largest = fmaxf(row_largest, __shfl_xor_sync(ALL_LANES, row_largest, 1));
      row_largest = fmaxf(row_largest, __shfl_xor_sync(ALL_LANES, row_largest, 2));
      // A row that sees nothing has no largest score, and all its exponentials are to be zero.
      const float base_score = row_largest == -INFINITY ? 0.0f : row_largest;
      const float correction = expf(largest[i] - base_score);
      largest[i] = row_largest;
      sum[i] *= correction;
#pragma unroll
      for (int n = 0; n < PAGE_SIZE / 8; n++) {
#pragma unroll
        for (int j = 0; j < 2; j++) {
          float& score = scores[n][2 * i + j];
          score = expf(score - base_score);
          sum[i] += score;
        }
      }
#pragma unroll
      for (int d = 0; d < D; d++) found[d][2 * i] *= correction, found[d][2 * i + 1] *= correction;
    }

#pragma unroll
    for (int n = 0; n < PAGE_SIZE / 8; n++) {
      const float a[4] = {scores[n][0], scores[n][2], scores[n][1], scores[n][3]};
      const float* value = value_page + (8 * n + 2 * t) * STRIDE + g;
#pragma unroll
      for (int d = 0; d < D; d++) exact_mma<IS_SHORT>(found[d], a, {value[8 * d], value[8 * d + STRIDE]});
    }
  }

#pragma unroll
  for (int i = 0; i < 2; i++) {
    sum[i] += __shfl_xor_sync(ALL_LANES, sum[i], 1);
    sum[i] += __shfl_xor_sync(ALL_LANES, sum[i], 2);
    const int r = warp_row + g + 8 * i;
    if (r >= rows_of_tile) continue;
    float* to = row_of(output, first_row + r, output_stride) + head * head_dim;
#pragma unroll
    for (int d = 0; d < D; d++) {
#pragma unroll
      for (int j = 0; j < 2; j++) {
        const int channel = 8 * d + 2 * t + j;
        if (channel < head_dim) to[channel] = found[d][2 * i + j] / sum[i];
      }
    }
  }
}

#define INSTANCES(name, Element)                                                    \
  KERNEL(attention_tiles_##name##_4, THREADS, ATTENTION_PARAMETERS(Element)) {    \
    attention_tiles<Element, 4>(ATTENTION_ARGUMENTS);                               \
  }                                                                                 \
  KERNEL(attention_tiles_##name##_16, THREADS, ATTENTION_PARAMETERS(Element)) {   \
    attention_tiles<Element, 16>(ATTENTION_ARGUMENTS);                              \
  }

INSTANCES(f32, float)
INSTANCES(f16, __half)
INSTANCES(bf16, __nv_bfloat16)
