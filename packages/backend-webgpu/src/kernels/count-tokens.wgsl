// Counts the tokens of each sequence, for the penalties of sampling.
//
//   generated[r] = 0:  count[slot, token[r]] |= SEEN_IN_PROMPT
//   generated[r] = 1:  count[slot, token[r]] += 1
//
// Each segment reads one slot and writes another, and leaves the counts after its mark row in a third.
// First the slots that differ from the one that is read become copies of it. Then every row is counted
// by itself, in the slot that its segment writes and, up to the mark row, in the mark slot: the counts
// are integers, so that the order does not matter.

override SEGMENT: u32; // words of the step: the feeds
override GENERATED: u32;
override TOKEN_OFFSET: u32;
override TOKEN_STRIDE: u32;
override VOCABULARY: u32;

const SEEN_IN_PROMPT: i32 = 1 << 30;
const SEGMENT_COLUMNS: u32 = 6;

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(1) var<storage, read> token: array<i32>; // [rows, 1]
@group(0) @binding(2) var<storage, read_write> count: array<atomic<i32>>; // [slots, VOCABULARY]

struct Segment {
  start_row: i32,
  row_count: i32,
  read_slot: i32,
  write_slot: i32,
  mark_row: i32,
  mark_slot: i32,
}

fn segment_at(index: u32) -> Segment {
  let at = SEGMENT + SEGMENT_COLUMNS * index;
  return Segment(step[at], step[at + 1], step[at + 2], step[at + 3], step[at + 4], step[at + 5]);
}

/// x counts tokens of the vocabulary, y segments.
@compute @workgroup_size(256)
fn copy_counts(@builtin(global_invocation_id) id: vec3<u32>) {
  let segment = segment_at(id.y);
  if (id.x >= VOCABULARY || segment.write_slot < 0) {
    return;
  }
  let is_marked = segment.mark_slot >= 0;
  if (segment.write_slot == segment.read_slot && !is_marked) {
    return;
  }
  let counted = atomicLoad(&count[u32(segment.read_slot) * VOCABULARY + id.x]);
  if (segment.write_slot != segment.read_slot) {
    atomicStore(&count[u32(segment.write_slot) * VOCABULARY + id.x], counted);
  }
  if (is_marked) {
    atomicStore(&count[u32(segment.mark_slot) * VOCABULARY + id.x], counted);
  }
}

fn count_row(slot: i32, row: i32, id: i32) {
  let place = u32(slot) * VOCABULARY + u32(id);
  if (step[GENERATED + u32(row)] == 1) {
    atomicAdd(&count[place], 1);
  } else {
    atomicOr(&count[place], SEEN_IN_PROMPT);
  }
}

/// x counts rows of a segment, y segments.
@compute @workgroup_size(64)
fn count_tokens(@builtin(global_invocation_id) id: vec3<u32>) {
  let segment = segment_at(id.y);
  if (i32(id.x) >= segment.row_count || segment.write_slot < 0) {
    return;
  }
  let row = segment.start_row + i32(id.x);
  let token_id = token[TOKEN_OFFSET + u32(row) * TOKEN_STRIDE];
  if (token_id < 0) {
    return;
  }
  count_row(segment.write_slot, row, token_id);
  if (segment.mark_slot >= 0 && row <= segment.mark_row) {
    count_row(segment.mark_slot, row, token_id);
  }
}
