// The draw as @krait/sampler makes it, sum by sum, by one thread: for the rare row where sums in another order
// could have fallen to the other side of a threshold.
//
// The tokens come in order of falling logit, the lower id first among equals, from a binary heap. What was
// taken is kept behind the heap's end. Williams 1964, algorithm 232; built after Floyd 1964, algorithm 245.
#pragma once
#include "exponential.cuh"

struct FallingLogits {
  const float* logits;
  int* tokens;
  int size;   // of the heap
  int total;  // with those that were taken

  __device__ bool is_before(int a, int b) const {
    return logits[a] > logits[b] || (logits[a] == logits[b] && a < b);
  }

  /// Moves a token down from a place to where no token below comes before it.
  __device__ void sink(int place, int token) {
    for (;;) {
      int child = 2 * place + 1;
      if (child >= size) break;
      if (child + 1 < size && is_before(tokens[child + 1], tokens[child])) child++;
      if (!is_before(tokens[child], token)) break;
      tokens[place] = tokens[child];
      place = child;
    }
    tokens[place] = token;
  }

  /// Tokens of −∞ are left out.
  __device__ void start(int count) {
    size = 0;
    for (int token = 0; token < count; token++) if (logits[token] > -INFINITY) tokens[size++] = token;
    total = size;
    for (int i = size / 2; i-- > 0;) sink(i, tokens[i]);
  }

  __device__ int at(int i) {
    while (total - size <= i) {
      int first = tokens[0], last = tokens[--size];
      if (size > 0) sink(0, last);
      tokens[size] = first;
    }
    return tokens[total - 1 - i];
  }
};

struct DrawInOrder {
  FallingLogits order;
  double largest, temperature;

  __device__ double weight(int token) const {
    return exponential(__dadd_rn(order.logits[token], -largest) / temperature);
  }

  __device__ double sum_of_all(int count) const {
    double sum = 0;
    for (int token = 0; token < count; token++) sum = __dadd_rn(sum, weight(token));
    return sum;
  }

  /// The first of `kept` tokens at which the running sum exceeds the threshold, else the last one.
  __device__ int first_above(double threshold, int kept) {
    int chosen = -1;
    double sum = 0;
    for (int i = 0; i < kept; i++) {
      int token = order.at(i);
      double w = weight(token);
      // The sum in another order can round to a little more than this one reaches; weights of 0 never count.
      if (w > 0) chosen = token;
      sum = __dadd_rn(sum, w);
      if (sum > threshold) break;
    }
    return chosen;
  }

  __device__ __noinline__ int draw(int count, int top_k, float top_p, float min_p, double u) {
    order.start(count);
    int most = top_k > 0 && top_k < order.total ? top_k : order.total;
    if (top_k == 0 && top_p == 1 && min_p == 0) return first_above(__dmul_rn(u, sum_of_all(count)), most);
    double limit = INFINITY;
    if (top_p < 1) {
      double sum = 0;
      if (top_k == 0) sum = sum_of_all(count);
      else for (int i = 0; i < most; i++) sum = __dadd_rn(sum, weight(order.at(i)));
      limit = __dmul_rn(top_p, sum);
    }
    int kept = 0;
    double sum_of_kept = 0;
    for (; kept < most && sum_of_kept < limit; kept++) {
      double w = weight(order.at(kept));
      if (!(w >= min_p)) break;
      sum_of_kept = __dadd_rn(sum_of_kept, w);
    }
    return first_above(__dmul_rn(u, sum_of_kept), kept);
  }
};
