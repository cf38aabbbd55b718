// Where the sum of amounts, added up by falling key, passes a threshold. Nothing is sorted: the key is
// found digit by digit, with what belongs to each next digit added up in one pass over the row.
//
// Each thread has a column of sums of its own, one for each digit, so that no two ever write to one place.
// Sums are of integers, so that their order does not matter.
#pragma once
#include "order-key.cuh"
#include "reduce.cuh"

constexpr int SEARCH_THREADS = 512, SEARCH_WARPS = SEARCH_THREADS / 32, DIGIT_BITS = 4, DIGITS = 1 << DIGIT_BITS;
/// Tokens that a thread looks at together: so many loads are under way at a time.
constexpr int AT_ONCE = 8;
static_assert(SEARCH_WARPS == DIGITS, "each warp adds up one digit");

/// Dynamic shared memory of a block that searches.
constexpr int COLUMN_WORDS = DIGITS * SEARCH_THREADS;

struct Crossing {
  unsigned key;
  /// Sums of all amounts, and of those of larger keys.
  uint64_t total, before;
  uint64_t threshold;
};

/// In shared memory, for one search after the other.
struct SearchState {
  Crossing crossing;
  uint64_t sums[DIGITS];
};

/// `Row` has `count`, `key(i)` and `amount(i, key)`, and amounts that belong to one key besides: `extra_key` and
/// `extra`. The threshold is made from the total; the sum at the crossing is the first that exceeds it.
template <class Row, class Threshold>
__device__ Crossing find_crossing(const Row& row, Threshold threshold_of, uint64_t* columns, SearchState& state) {
  int thread = threadIdx.x;
  unsigned prefix = 0;
#pragma unroll 1
  for (int shift = 32 - DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
    bool is_first = shift == 32 - DIGIT_BITS;
    auto belongs = [&](unsigned key) { return is_first || key >> (shift + DIGIT_BITS) == prefix; };
    uint64_t* column = columns + thread;
    for (int digit = 0; digit < DIGITS; digit++) column[digit * SEARCH_THREADS] = 0;
#pragma unroll 1
    for (int first = thread; first < row.count; first += AT_ONCE * SEARCH_THREADS) {
      unsigned keys[AT_ONCE];
      uint64_t amounts[AT_ONCE];
#pragma unroll
      for (int k = 0; k < AT_ONCE; k++) {
        const int i = first + k * SEARCH_THREADS;
        keys[k] = i < row.count ? row.key(i) : 0;
      }
#pragma unroll
      for (int k = 0; k < AT_ONCE; k++) {
        const int i = first + k * SEARCH_THREADS;
        amounts[k] = i < row.count && belongs(keys[k]) ? row.amount(i, keys[k]) : 0;
      }
#pragma unroll
      for (int k = 0; k < AT_ONCE; k++) {
        if (amounts[k] > 0) column[(keys[k] >> shift) % DIGITS * SEARCH_THREADS] += amounts[k];
      }
    }
    if (thread == 0 && belongs(row.extra_key)) column[(row.extra_key >> shift) % DIGITS * SEARCH_THREADS] += row.extra;
    __syncthreads();

    const uint64_t* of_digit = columns + thread / 32 * SEARCH_THREADS;
    uint64_t sum = 0;
    for (int i = thread % 32; i < SEARCH_THREADS; i += 32) sum += of_digit[i];
    sum = reduce_warp<Add>(sum);
    if (thread % 32 == 0) state.sums[thread / 32] = sum;
    __syncthreads();

    if (thread == 0) {
      Crossing& found = state.crossing;
      if (is_first) {
        found = {};
        for (int digit = 0; digit < DIGITS; digit++) found.total += state.sums[digit];
        found.threshold = threshold_of(found.total);
      }
      int digit = DIGITS - 1;
      for (; digit > 0 && found.before + state.sums[digit] <= found.threshold; digit--) found.before += state.sums[digit];
      found.key = prefix << DIGIT_BITS | digit;
    }
    __syncthreads();
    prefix = state.crossing.key;
  }
  return state.crossing;
}

/// The tokens of a row that a warp looks at, in order, where equals are numbered by id.
struct WarpRun {
  int first, end;
  static __device__ WarpRun of(int count) {
    const int run = (count + SEARCH_THREADS - 1) / SEARCH_THREADS * 32, first = threadIdx.x / 32 * run;
    return {first, min(first + run, count)};
  }
};

/// What the warps before this one have counted. After a barrier.
static __device__ __forceinline__ unsigned counted_before(const unsigned (&counts)[SEARCH_WARPS]) {
  unsigned before = 0;
#pragma unroll
  for (int warp = 0; warp < SEARCH_WARPS; warp++) before += warp < static_cast<int>(threadIdx.x) / 32 ? counts[warp] : 0;
  return before;
}

/// Calls `found(number, id)` for the ids of a run that match, numbered from `index` on and below `end_index`. All
/// lanes of a warp take part.
template <class Matches, class Found>
static __device__ __forceinline__ void number_matches(const WarpRun& run, unsigned index, unsigned end_index,
                                                      Matches matches, Found found) {
  const unsigned lane = threadIdx.x % 32;
  for (int first = run.first; first < run.end && index < end_index; first += 32) {
    const int id = first + lane;
    const bool is_match = id < run.end && matches(id);
    const unsigned all = __ballot_sync(ALL_LANES, is_match);
    const unsigned own = index + __popc(all & ((1u << lane) - 1));
    if (is_match && own < end_index) found(own, id);
    index += __popc(all);
  }
}
