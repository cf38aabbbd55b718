// The largest logits of each row: largest first, the lower id among equals. NaN is never among them;
// where fewer are left, the rest are id −1 and −∞.
//
// One block takes one row. It finds the key of the wanted-th largest; what is larger is collected in any
// order and put in its place by counting what precedes it; of those equal to it the first ids fill the rest.
#include "crossing.cuh"

constexpr int LARGEST_COUNT = 1024;

struct CountedRow {
  const float* logits;
  int count;
  unsigned extra_key = 0;
  uint64_t extra = 0;
  __device__ unsigned key(int i) const { return order_key(logits[i]); }
  __device__ uint64_t amount(int i, unsigned) const { return logits[i] == logits[i]; }
};

KERNEL(top_k, SEARCH_THREADS, const int* output_rows, const float* logits, int* ids, int ids_stride, float* largest,
       int largest_stride, int vocabulary, int wanted) {
  if (static_cast<int>(blockIdx.x) >= *output_rows) return;
  DYNAMIC_SHARED(uint64_t, columns);
  __shared__ SearchState state;
  __shared__ int collected;
  __shared__ unsigned equals[SEARCH_WARPS];
  __shared__ int found_ids[LARGEST_COUNT];
  CountedRow row = {row_of(logits, blockIdx.x, vocabulary), vocabulary};
  int* to_ids = row_of(ids, blockIdx.x, ids_stride);
  float* to_largest = row_of(largest, blockIdx.x, largest_stride);
  int thread = threadIdx.x;

  if (thread == 0) collected = 0;
  unsigned threshold = find_crossing(row, [&](uint64_t) { return uint64_t(wanted - 1); }, columns, state).key;

  // Each warp counts the equals in its run of ids, so that they can be numbered by id.
  const WarpRun run = WarpRun::of(vocabulary);
  unsigned mine = 0;
#pragma unroll 4
  for (int t = run.first + thread % 32; t < run.end; t += 32) {
    const float logit = row.logits[t];
    const unsigned key = order_key(logit);
    if (logit != logit || key < threshold) continue;
    if (key == threshold) mine++;
    else found_ids[atomicAdd(&collected, 1)] = t;
  }
  mine = reduce_warp<Add>(mine);
  if (thread % 32 == 0) equals[thread / 32] = mine;
  __syncthreads();

  const int larger = collected;
  int total = larger;
#pragma unroll
  for (int warp = 0; warp < SEARCH_WARPS; warp++) total += equals[warp];
  number_matches(
      run, larger + counted_before(equals), wanted,
      [&](int t) { return row.logits[t] == row.logits[t] && order_key(row.logits[t]) == threshold; },
      [&](unsigned place, int t) {
        to_ids[place] = t;
        to_largest[place] = row.logits[t];
      });
  for (int i = thread; i < larger; i += SEARCH_THREADS) {
    int id = found_ids[i], rank = 0;
    unsigned key = row.key(id);
    for (int j = 0; j < larger; j++) {
      unsigned other = row.key(found_ids[j]);
      if (other > key || (other == key && found_ids[j] < id)) rank++;
    }
    to_ids[rank] = id;
    to_largest[rank] = row.logits[id];
  }
  for (int i = total + thread; i < wanted; i += SEARCH_THREADS) {
    to_ids[i] = -1;
    to_largest[i] = -INFINITY;
  }
}
