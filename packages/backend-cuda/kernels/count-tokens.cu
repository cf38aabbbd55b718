// Counts the tokens of each sequence, for the penalties of sampling.
//
//   generated[r] = 0:  count[slot, token[r]] |= SEEN_IN_PROMPT
//   generated[r] = 1:  count[slot, token[r]] += 1
//
// Each segment reads one slot and writes another, and leaves the counts after its mark row in a third.
// First the slots that differ from the one that is read become copies of it. Then every row is counted
// by itself, in the slot that its segment writes and, up to the mark row, in the mark slot: the counts
// are integers, so that the order does not matter.
#include "segment.cuh"

constexpr int SEEN_IN_PROMPT = 1 << 30;

/// The grid counts tokens of the vocabulary in x and segments in y.
KERNEL(copy_counts, 256, const int* segments, const Segment* segment, int* count, int vocabulary) {
  int id = blockIdx.x * blockDim.x + threadIdx.x;
  if (static_cast<int>(blockIdx.y) >= *segments || id >= vocabulary) return;
  Segment s = segment[blockIdx.y];
  if (s.write_slot < 0 || (s.write_slot == s.read_slot && s.mark_slot < 0)) return;
  int counted = row_of(count, s.read_slot, vocabulary)[id];
  if (s.write_slot != s.read_slot) row_of(count, s.write_slot, vocabulary)[id] = counted;
  if (s.mark_slot >= 0) row_of(count, s.mark_slot, vocabulary)[id] = counted;
}

__device__ void count_row(int* place, int generated) {
  if (generated == 1) atomicAdd(place, 1);
  else atomicOr(place, SEEN_IN_PROMPT);
}

/// The grid counts rows of a segment in x and segments in y.
KERNEL(count_tokens, 64, const int* segments, const Segment* segment, const int* token, int token_stride,
       const int* generated, int* count, int vocabulary) {
  if (static_cast<int>(blockIdx.y) >= *segments) return;
  Segment s = segment[blockIdx.y];
  int index = blockIdx.x * blockDim.x + threadIdx.x;
  if (index >= s.row_count || s.write_slot < 0) return;
  int row = s.start_row + index, id = *row_of(token, row, token_stride);
  if (id < 0) return;
  count_row(row_of(count, s.write_slot, vocabulary) + id, generated[row]);
  if (s.mark_slot >= 0 && row <= s.mark_row) count_row(row_of(count, s.mark_slot, vocabulary) + id, generated[row]);
}
