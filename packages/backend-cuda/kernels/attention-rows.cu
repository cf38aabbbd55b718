// Attention of single rows over the pages of their own sequences.
//
//   score[p] = scale · query[r, h] · keys[p, k]            p ≤ position[r]
//   output[r, h] = sum over p of softmax(score)[p] · values[p, k]
//
//   r  row        h  query head        k  the keys and values that HEADS query heads share        D  head_dim
//
// A block takes the heads of one k, so that keys and values are read once, and one row through a part of its context;
// z counts parts. Its warps take every fourth page. In a page LANES lanes share a position, eight channels each: scores
// first, then the running softmax with a lane for each position, then the values. What warps and parts have found is
// joined at the end by their maxima and sums: in shared memory, and by `attention_join`.
//
// Dao et al. 2022, arXiv:2205.14135, for the running softmax; Dao et al. 2023, "Flash-Decoding", for parts; Ainslie et
// al. 2023, arXiv:2305.13245, for shared heads; Kwon et al. 2023, arXiv:2309.06180, for pages.
#include "pages.cuh"
#include "reduce.cuh"

constexpr int WARPS = 4;
/// Elements before the parts' results, [rows, heads, parts, D + 2]; the first says how many parts there are.
constexpr int HEADER = 4;

/// The grid counts groups of HEADS query heads in x, rows in y, parts of the context in z. Where `skips_tiles`, rows
/// that `attention_tiles` takes are left to it.
template <class Element, int HEADS, int LANES>
static __device__ __forceinline__ void attention_rows(ATTENTION_PARAMETERS(Element), int skips_tiles) {
  constexpr int PASSES = LANES, AT_ONCE = 32 / LANES, CHANNELS = 8 * LANES;
  // Passes whose loads are under way together.
  constexpr int GROUP = LANES == 16 ? 4 : 1;
  // A head of few channels may have any number of them.
  constexpr bool IS_WHOLE = LANES == 16;
  __shared__ float scores[WARPS][HEADS][PAGE_SIZE];
  __shared__ float found[WARPS][HEADS][CHANNELS];
  __shared__ float maxima[WARPS][HEADS], sums[WARPS][HEADS];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, row = blockIdx.y;
  const int row_count = *rows;
  // Before any block is left out: `attention_join` looks at it for every row.
  if (gridDim.z > 1 && threadIdx.x == 0 && blockIdx.x + blockIdx.y + blockIdx.z == 0) *partial = gridDim.z;
  if (row >= row_count) return;
  if (skips_tiles && is_one_sequence(slot, row / TILE_ROWS * TILE_ROWS, row_count)) return;

  const int heads_per_key = heads / key_value_heads, groups = (heads_per_key + HEADS - 1) / HEADS;
  const int key_head = blockIdx.x / groups, first_head = key_head * heads_per_key + blockIdx.x % groups * HEADS;
  const int head_count = min(HEADS, (key_head + 1) * heads_per_key - first_head);
  const int own_slot = slot[row], positions = own_slot < 0 ? 0 : position[row] + 1;
  const int pages_of_part = ((*context + PAGE_SIZE - 1) / PAGE_SIZE + gridDim.z - 1) / gridDim.z;
  const int first_page = blockIdx.z * pages_of_part;
  const int end_page = min((positions + PAGE_SIZE - 1) / PAGE_SIZE, first_page + pages_of_part);
  const int columns = key_value_heads * head_dim;
  const int first_channel = lane % LANES * 8;

  float own_query[HEADS][8], weighted[HEADS][8] = {}, largest[HEADS], sum[HEADS] = {};
#pragma unroll
  for (int h = 0; h < HEADS; h++) {
    const float* from = row_of(query, row, query_stride) + (first_head + min(h, head_count - 1)) * head_dim;
#pragma unroll
    for (int i = 0; i < 8; i++) {
      own_query[h][i] = first_channel + i < head_dim ? scale * from[first_channel + i] : 0.0f;
    }
    largest[h] = -INFINITY;
  }

  for (int page = first_page + warp; page < end_page; page += WARPS) {
    const size_t first_row = static_cast<size_t>(page_table[own_slot * max_pages + page]) * PAGE_SIZE;
    const size_t base = first_row * columns + key_head * head_dim;
    const int count = min(PAGE_SIZE, positions - page * PAGE_SIZE);
    const auto load_group = [&](const Element* from, int first_pass, float (&group)[GROUP][8]) {
#pragma unroll
      for (int k = 0; k < GROUP; k++) {
        const int p = (first_pass + k) * AT_ONCE + lane / LANES;
        load_channels<IS_WHOLE>(from + base + p * columns, first_channel, head_dim, p < count, group[k]);
      }
    };
    // Every lane takes part in the shuffles before a score is written, and so has read those of the page before.
#pragma unroll 1
    for (int first_pass = 0; first_pass < PASSES; first_pass += GROUP) {
      float group[GROUP][8];
      load_group(keys, first_pass, group);
#pragma unroll
      for (int k = 0; k < GROUP; k++) {
        const int p = (first_pass + k) * AT_ONCE + lane / LANES;
#pragma unroll
        for (int h = 0; h < HEADS; h++) {
          float score = 0;
#pragma unroll
          for (int i = 0; i < 8; i++) score += own_query[h][i] * group[k][i];
#pragma unroll
          for (int other = LANES / 2; other > 0; other /= 2) score += __shfl_xor_sync(ALL_LANES, score, other);
          if (lane % LANES == 0) scores[warp][h][p] = p < count ? score : -INFINITY;
        }
      }
    }
    __syncwarp();

#pragma unroll
    for (int h = 0; h < HEADS; h++) {
      const float score = scores[warp][h][lane];
      const float new_largest = fmaxf(largest[h], reduce_warp<Larger>(score));
      const float correction = expf(largest[h] - new_largest), exponential = expf(score - new_largest);
      largest[h] = new_largest;
      sum[h] = sum[h] * correction + exponential;
#pragma unroll
      for (int i = 0; i < 8; i++) weighted[h][i] *= correction;
      scores[warp][h][lane] = exponential;
    }
    __syncwarp();

#pragma unroll 1
    for (int first_pass = 0; first_pass < PASSES; first_pass += GROUP) {
      float group[GROUP][8];
      load_group(values, first_pass, group);
#pragma unroll
      for (int k = 0; k < GROUP; k++) {
        const int p = (first_pass + k) * AT_ONCE + lane / LANES;
#pragma unroll
        for (int h = 0; h < HEADS; h++) {
          const float exponential = scores[warp][h][p];
#pragma unroll
          for (int i = 0; i < 8; i++) weighted[h][i] += exponential * group[k][i];
        }
      }
    }
  }

#pragma unroll
  for (int h = 0; h < HEADS; h++) {
    sum[h] = reduce_warp<Add>(sum[h]);
#pragma unroll
    for (int i = 0; i < 8; i++) {
#pragma unroll
      for (int other = 16; other >= LANES; other /= 2) {
        weighted[h][i] += __shfl_xor_sync(ALL_LANES, weighted[h][i], other);
      }
      if (lane < LANES) found[warp][h][first_channel + i] = weighted[h][i];
    }
    if (lane == 0) maxima[warp][h] = largest[h], sums[warp][h] = sum[h];
  }
  __syncthreads();

  for (int i = threadIdx.x; i < head_count * head_dim; i += 32 * WARPS) {
    const int h = i / head_dim, channel = i % head_dim, head = first_head + h;
    float of_all = -INFINITY, total = 0, of_channel = 0;
#pragma unroll
    for (int w = 0; w < WARPS; w++) of_all = fmaxf(of_all, maxima[w][h]);
#pragma unroll
    for (int w = 0; w < WARPS; w++) {
      const float factor = maxima[w][h] == -INFINITY ? 0.0f : expf(maxima[w][h] - of_all);
      total += factor * sums[w][h];
      of_channel += factor * found[w][h][channel];
    }
    if (gridDim.z == 1) {
      row_of(output, row, output_stride)[head * head_dim + channel] = positions > 0 ? of_channel / total : 0.0f;
      continue;
    }
    float* to = row_of(partial + HEADER, (row * heads + head) * gridDim.z + blockIdx.z, head_dim + 2);
    to[channel] = of_channel;
    if (channel == 0) to[head_dim] = of_all, to[head_dim + 1] = total;
  }
}

/// The grid counts heads in x, rows in y.
KERNEL(attention_join, 128, const int* rows, const int* slot, const float* partial, float* output, int output_stride,
       int heads, int head_dim, int skips_tiles) {
  const int head = blockIdx.x, row = blockIdx.y, parts = static_cast<int>(*partial);
  if (row >= *rows) return;
  if (skips_tiles && is_one_sequence(slot, row / TILE_ROWS * TILE_ROWS, *rows)) return;
  const float* from = row_of(partial + HEADER, (row * heads + head) * parts, head_dim + 2);
  float* to = row_of(output, row, output_stride) + head * head_dim;
  float largest = -INFINITY;
  for (int part = 0; part < parts; part++) largest = fmaxf(largest, row_of(from, part, head_dim + 2)[head_dim]);
  for (int channel = threadIdx.x; channel < head_dim; channel += 128) {
    float total = 0, of_channel = 0;
    for (int part = 0; part < parts; part++) {
      const float* own = row_of(from, part, head_dim + 2);
      const float factor = own[head_dim] == -INFINITY ? 0.0f : expf(own[head_dim] - largest);
      total += factor * own[head_dim + 1];
      of_channel += factor * own[channel];
    }
    to[channel] = slot[row] < 0 ? 0.0f : of_channel / total;
  }
}

#define INSTANCE(name, Element, HEADS, LANES)                                                             \
  KERNEL_BESIDE(attention_rows_##name##_##HEADS##_##LANES, 32 * WARPS, 3, ATTENTION_PARAMETERS(Element), int skips) { \
    attention_rows<Element, HEADS, LANES>(ATTENTION_ARGUMENTS, skips);                                    \
  }
#define INSTANCES(name, Element) \
  INSTANCE(name, Element, 1, 4)  \
  INSTANCE(name, Element, 1, 16) \
  INSTANCE(name, Element, 5, 4)  \
  INSTANCE(name, Element, 5, 16)

INSTANCES(f32, float)
INSTANCES(f16, __half)
INSTANCES(bf16, __nv_bfloat16)
