// Draws a token from each output row and leaves it in last_token[slot]. Exact over the whole row.
//
//   temperature 0: the largest logit, the lower id among equals
//   otherwise      w[i] = e^((l[i] − l[0]) / temperature)        i counts by falling logit, then rising id
//   top-k          keep i < topK
//   top-p          keep i while w[0] + … + w[i − 1] < topP · (the sum of what top-k kept)
//   min-p          keep i while w[i] ≥ minP
//   token          the first i with w[0] + … + w[i] > u · (the sum of what is kept)
//   u              Philox4x32-10, key = seed, counter = position, 24 bits
//
// Weights are those of @krait/sampler, bit for bit, and are then added up as integers of 44 bits after the
// point. Its own sums are rounded, each after the other; where a threshold is so near to a sum that
// this could matter, one thread does as it does. So the token is always the sampler's.
//
// A row that nothing can be drawn from, because a logit is NaN or +∞ or all are −∞, gives −1 and
// leaves last_token. So does padding, a row of slot −1.
#include "crossing.cuh"
#include "draw-in-order.cuh"
#include "philox.cuh"
#include "sampling.cuh"

constexpr int PART_THREADS = 256, PART_TOKENS = 4096;
constexpr double ONE = 17592186044416.0;  // 2⁴⁴

/// The largest key of a part of a row with its lowest id below it, or that the row is broken.
constexpr uint64_t BROKEN = ~uint64_t{0};

__device__ uint64_t ranked(float logit, int token) {
  if (logit != logit || logit == INFINITY) return BROKEN;
  return uint64_t{order_key(logit)} << 32 | (0xffffffffu - static_cast<unsigned>(token));
}

/// The grid counts parts of a row in x and output rows in y.
KERNEL(find_largest, PART_THREADS, const int* output_rows, const float* logits, int logits_stride, uint64_t* largest,
       int vocabulary) {
  if (static_cast<int>(blockIdx.y) >= *output_rows) return;
  __shared__ uint64_t partial[PART_THREADS / 32];
  const float* row = row_of(logits, blockIdx.y, logits_stride);
  int end = min(static_cast<int>(blockIdx.x + 1) * PART_TOKENS, vocabulary);
  uint64_t best = 0;
  for (int t = blockIdx.x * PART_TOKENS + threadIdx.x; t < end; t += PART_THREADS) {
    best = Larger::join(best, ranked(row[t], t));
  }
  best = reduce_block<Larger, PART_THREADS>(best, partial);
  if (threadIdx.x == 0) row_of(largest, blockIdx.y, gridDim.x)[blockIdx.x] = best;
}

__device__ uint64_t largest_of(const uint64_t* parts, int count) {
  uint64_t best = 0;
  for (int i = 0; i < count; i++) best = Larger::join(best, parts[i]);
  return best;
}

__device__ double weight_of(float logit, float largest, float temperature) {
  return exponential(__dadd_rn(logit, -static_cast<double>(largest)) / static_cast<double>(temperature));
}

__device__ uint64_t mass_of(double weight) { return static_cast<uint64_t>(weight * ONE + 0.5); }

/// The grid counts parts of a row in x and output rows in y.
KERNEL(weigh_tokens, PART_THREADS, const int* output_rows, const float* logits, int logits_stride, const int* slot,
       const Setting* setting, const uint64_t* largest, uint64_t* mass, int vocabulary) {
  int output_row = blockIdx.y;
  if (output_row >= *output_rows || slot[output_row] < 0 || setting[output_row].temperature == 0) return;
  const float* row = row_of(logits, output_row, logits_stride);
  uint64_t best = largest_of(row_of(largest, output_row, gridDim.x), gridDim.x);
  if (best == BROKEN) return;
  float top = value_of_key(static_cast<unsigned>(best >> 32));
  int end = min(static_cast<int>(blockIdx.x + 1) * PART_TOKENS, vocabulary);
  for (int t = blockIdx.x * PART_TOKENS + threadIdx.x; t < end; t += PART_THREADS) {
    row_of(mass, output_row, vocabulary)[t] = mass_of(weight_of(row[t], top, setting[output_row].temperature));
  }
}

/// What is kept of a row: all keys above `extra_key`, and so many of those that have it.
struct KeptRow {
  const float* logits;
  const uint64_t* mass;
  int count;
  bool is_counted;
  unsigned smallest_key;
  unsigned extra_key;
  uint64_t extra;
  __device__ unsigned key(int i) const { return order_key(logits[i]); }
  __device__ uint64_t amount(int i, unsigned key) const {
    if (key <= extra_key || key < smallest_key) return 0;
    return is_counted ? 1 : mass[i];
  }
};

/// The smallest key whose weight is at least `min_p`: weights never rise as logits fall.
__device__ unsigned smallest_kept(float min_p, float largest, float temperature) {
  unsigned low = 0, high = order_key(largest);
  if (min_p == 0) return low;
#pragma unroll 1
  while (low < high) {
    unsigned middle = low + (high - low) / 2;
    if (weight_of(value_of_key(middle), largest, temperature) >= min_p) high = middle;
    else low = middle + 1;
  }
  return low;
}

/// The id of the index-th token of a key, in every thread; −1 where it has fewer.
__device__ int token_of(const KeptRow& row, unsigned key, unsigned index, unsigned (&counts)[SEARCH_WARPS], int& found) {
  const WarpRun run = WarpRun::of(row.count);
  unsigned mine = 0;
#pragma unroll 8
  for (int t = run.first + threadIdx.x % 32; t < run.end; t += 32) mine += row.key(t) == key;
  mine = reduce_warp<Add>(mine);
  if (threadIdx.x % 32 == 0) counts[threadIdx.x / 32] = mine;
  if (threadIdx.x == 0) found = -1;
  __syncthreads();
  const unsigned before = counted_before(counts);
  if (index >= before && index < before + mine) {
    number_matches(run, before, index + 1, [&](int t) { return row.key(t) == key; },
                   [&](unsigned number, int t) { if (number == index) found = t; });
  }
  __syncthreads();
  return found;
}

/// Of the equals of the found key, the one with which the sum exceeds the threshold.
struct Equal {
  uint64_t index;
  /// Whether the sampler's own sums could say another.
  bool is_uncertain;
};

__device__ Equal equal_at(const Crossing& found, uint64_t each, int count, bool is_counted) {
  if (each == 0) return {0, true};
  uint64_t index = (found.threshold - found.before) / each;
  // Each weight is off by half a unit, and each of the sampler's additions by half of its last bit.
  double rounding = static_cast<double>(found.total) * 0x1p-52 + 1;
  uint64_t tolerance = static_cast<uint64_t>(rounding * count) + 2;
  uint64_t below = found.threshold - found.before - index * each, above = each - below;
  return {index, !is_counted && (below <= tolerance || above <= tolerance)};
}

/// One block takes one row. `order` is memory for a heap of each row.
KERNEL(draw_token, SEARCH_THREADS, const int* output_rows, const float* logits, int logits_stride, const int* slot,
       const int* position, const Setting* setting, const Choice* choice, const uint64_t* largest, int parts,
       const uint64_t* mass, int* order, int* last_token, int* output, int output_stride, int vocabulary) {
  int output_row = blockIdx.x;
  if (output_row >= *output_rows) return;
  DYNAMIC_SHARED(uint64_t, columns);
  __shared__ SearchState state;
  __shared__ unsigned counts[SEARCH_WARPS], smallest_key;
  __shared__ int token;
  bool is_leader = threadIdx.x == 0;
  int* to = row_of(output, output_row, output_stride);
  uint64_t best = largest_of(row_of(largest, output_row, parts), parts);
  float top = value_of_key(static_cast<unsigned>(best >> 32));
  if (slot[output_row] < 0 || best == BROKEN || top == -INFINITY) {
    if (is_leader) *to = -1;
    return;
  }
  Setting s = setting[output_row];
  Choice c = choice[output_row];
  if (s.temperature == 0) {
    if (is_leader) *to = last_token[slot[output_row]] = static_cast<int>(0xffffffffu - static_cast<unsigned>(best));
    return;
  }

  KeptRow row = {row_of(logits, output_row, logits_stride), row_of(mass, output_row, vocabulary), vocabulary};
  auto mass_of_key = [&](unsigned key) { return mass_of(weight_of(value_of_key(key), top, s.temperature)); };
  unsigned random = random_24_bits(position[output_row], c.seed_low, c.seed_high);
  bool is_uncertain = false;
  unsigned key = 0;
  uint64_t kept_equals = 0, index = 0;
  if (is_leader) smallest_key = smallest_kept(s.min_p, top, s.temperature);
  // One search after the other, each over what the one before has kept: top-k, top-p, and the draw.
#pragma unroll 1
  for (int search = 0; search < 3; search++) {
    bool is_top_k = search == 0, is_top_p = search == 1;
    if ((is_top_k && (c.top_k <= 0 || c.top_k >= vocabulary)) || (is_top_p && s.top_p >= 1)) continue;
    row.is_counted = is_top_k;
    // The mass that top-p counts is that of what top-k kept, before min-p.
    __syncthreads();
    row.smallest_key = search == 2 ? smallest_key : 0;
    uint64_t each = row.extra_key < row.smallest_key ? 0 : mass_of_key(row.extra_key);
    row.extra = kept_equals * (row.is_counted ? 1 : each);
    Crossing found = find_crossing(row, [&](uint64_t total) -> uint64_t {
      if (is_top_k) return static_cast<uint64_t>(c.top_k - 1);
      if (!is_top_p) return (total >> 24) * random + ((total & 0xffffff) * random >> 24);
      uint64_t limit = static_cast<uint64_t>(static_cast<double>(s.top_p) * static_cast<double>(total));
      return limit > 0 ? limit - 1 : 0;
    }, columns, state);
    Equal equal = equal_at(found, is_top_k ? 1 : mass_of_key(found.key), vocabulary, is_top_k);
    is_uncertain = is_uncertain || equal.is_uncertain;
    bool is_same = found.key == row.extra_key;
    kept_equals = is_same && equal.index >= kept_equals ? kept_equals : equal.index + 1;
    row.extra_key = key = found.key;
    index = equal.index;
  }
  int drawn = is_uncertain ? -1 : token_of(row, key, static_cast<unsigned>(index), counts, token);
  if (!is_leader) return;
  if (drawn < 0) {
    DrawInOrder in_order = {{row.logits, row_of(order, output_row, vocabulary)}, top, s.temperature};
    drawn = in_order.draw(vocabulary, c.top_k, s.top_p, s.min_p, random / 16777216.0);
  }
  *to = last_token[slot[output_row]] = drawn;
}
