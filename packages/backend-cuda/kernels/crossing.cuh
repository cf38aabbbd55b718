// Where the sum of amounts, added up by falling key, passes a threshold. Nothing is sorted: the key is
// found digit by digit, with what belongs to each next digit added up in one pass over the row.
//
// Each thread has a column of sums of its own, one for each digit, so that no two ever write to one place.
// Sums are of integers, so that their order does not matter.
#pragma once
#include "order-key.cuh"
#include "reduce.cuh"

constexpr int SEARCH_THREADS = 512, DIGIT_BITS = 4, DIGITS = 1 << DIGIT_BITS;
static_assert(SEARCH_THREADS / 32 == DIGITS, "each warp adds up one digit");

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
    for (int i = thread; i < row.count; i += SEARCH_THREADS) {
      unsigned key = row.key(i);
      if (belongs(key)) column[(key >> shift) % DIGITS * SEARCH_THREADS] += row.amount(i, key);
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
