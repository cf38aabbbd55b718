// The chunks that long segments are cut into: CHUNK_ROWS rows each from a segment's first on, save that one
// ends early after the segment's mark row, and one at its end. Segments of fewer than SHORTEST rows have none.

override SEGMENT: u32; // words of the step: the feed
override SHORTEST: i32;

const CHUNK_ROWS: u32 = 32;

@group(0) @binding(0) var<storage, read> step: array<i32>;

struct Segment {
  start: i32,
  end: i32,
  read_slot: i32,
  write_slot: i32,
  marked_end: i32, // the row after the mark row, or the segment's end where nothing is marked
  mark_slot: i32,
}

struct Chunk {
  start: u32,
  rows: u32,
}

fn segment_at(index: u32) -> Segment {
  let at = SEGMENT + 6 * index;
  let end = step[at] + step[at + 1];
  let mark_slot = step[at + 5];
  return Segment(
    step[at],
    end,
    step[at + 2],
    step[at + 3],
    select(end, step[at + 4] + 1, mark_slot >= 0),
    mark_slot,
  );
}

fn chunks_in(rows: i32) -> u32 {
  return (u32(rows) + CHUNK_ROWS - 1) / CHUNK_ROWS;
}

fn chunk_count(segment: Segment) -> u32 {
  if (segment.write_slot < 0 || segment.end - segment.start < SHORTEST) {
    return 0;
  }
  return chunks_in(segment.marked_end - segment.start) + chunks_in(segment.end - segment.marked_end);
}

/// Of the chunks of all segments, in order, the first of this one.
fn first_chunk(index: u32) -> u32 {
  var count = 0u;
  for (var before = 0u; before < index; before++) {
    count += chunk_count(segment_at(before));
  }
  return count;
}

fn chunk_at(segment: Segment, index: u32) -> Chunk {
  let before_mark = chunks_in(segment.marked_end - segment.start);
  let is_after = index >= before_mark;
  let first = u32(select(segment.start, segment.marked_end, is_after));
  let end = u32(select(segment.marked_end, segment.end, is_after));
  let start = first + select(index, index - before_mark, is_after) * CHUNK_ROWS;
  return Chunk(start, min(CHUNK_ROWS, end - start));
}
