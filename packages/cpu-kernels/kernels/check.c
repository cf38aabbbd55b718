// What the kernels take for granted of a step's feeds. A host that mixes up slots, rows or pages hears of
// it here, before anything is written, and the inner loops need no checks.
#include "fault.h"
#include "page.h"
#include "sampling.h"
#include "segment.h"

// Whether a row is padding, where the feed of slots says so; null where a check looks at all rows.
INLINE bool is_padding_row(const int32_t *slot, uint32_t row) { return slot && slot[row] == -1; }

typedef struct {
  Fault *fault;
  Extent rows;
  const int32_t *slot;
  const int32_t *values;
  Count columns;  // values of a row that count
  Count stride;
  Integer least;
  Extent end;        // the first that is too large, where it varies with the step; else null
  Integer most;
} CheckRange;

// Every value is at least `least`, and below the end or at most `most`.
KERNEL void checkRange(const CheckRange *check, uint32_t part, uint32_t parts) {
  (void)parts;
  if (part > 0) return;
  int32_t most = check->end ? (int32_t)*check->end - 1 : check->most;
  for (uint32_t row = 0; row < *check->rows; row++) {
    if (is_padding_row(check->slot, row)) continue;
    for (uint32_t column = 0; column < check->columns; column++) {
      int32_t value = check->values[row * check->stride + column];
      if (value >= check->least && value <= most) continue;
      return report(check->fault, OUT_OF_RANGE, (int32_t)(row * check->columns + column), value, check->least, most);
    }
  }
}

typedef struct {
  Fault *fault;
  Extent rows;
  const int32_t *slot;
  const float *values;
  Count stride;
  Number least;
  Number most;
  Count above;  // 1 where `least` itself is out of range
} CheckNumber;

// Every number, one in a row, is finite and in its range. The fault's numbers are the bits of f32.
KERNEL void checkNumber(const CheckNumber *check, uint32_t part, uint32_t parts) {
  (void)parts;
  if (part > 0) return;
  for (uint32_t row = 0; row < *check->rows; row++) {
    if (is_padding_row(check->slot, row)) continue;
    union { float number; int32_t bits; } value = {check->values[row * check->stride]};
    float x = value.number;
    if (x <= check->most && (check->above ? x > check->least : x >= check->least)) continue;
    return report(check->fault, OUT_OF_RANGE, (int32_t)row, value.bits, 0, 0);
  }
}

typedef struct {
  Fault *fault;
  Extent rows;
  const int32_t *token;
  const int32_t *slot;
  const int32_t *last_token;
  Integer vocabulary_size;
} CheckTokens;

// Fed tokens, and the tokens that slots sampled last where they are asked for, are in the vocabulary.
KERNEL void checkTokens(const CheckTokens *check, uint32_t part, uint32_t parts) {
  (void)parts;
  if (part > 0) return;
  for (uint32_t row = 0; row < *check->rows; row++) {
    int32_t token = check->token[row], slot = check->slot[row], most = check->vocabulary_size - 1;
    if (slot == -1) continue;
    if (token < -1 || token > most) return report(check->fault, OUT_OF_RANGE, (int32_t)row, token, -1, most);
    int32_t last = check->last_token[slot];
    if (token == -1 && (last < 0 || last > most)) return report(check->fault, LAST_TOKEN, (int32_t)row, last, slot, most);
  }
}

typedef struct {
  Fault *fault;
  Extent rows;
  Extent segments;
  Extent longest_segment;
  const Segment *segment;
  Integer slots;
} CheckSegments;

static bool is_marked(const Segment *s) { return s->mark_row != -1 || s->mark_slot != -1; }

// Each for itself: inside the step, with slots that there are.
static void check_segment(const CheckSegments *check, int32_t index) {
  const Segment *s = check->segment + index;
  int32_t rows = (int32_t)*check->rows, longest = (int32_t)*check->longest_segment;
  if (s->start_row < 0 || s->row_count < 0 || s->row_count > rows - s->start_row) {
    return report(check->fault, SEGMENT_ROWS, index, s->row_count, s->start_row, rows - 1);
  }
  if (s->row_count > longest) return report(check->fault, SEGMENT_LENGTH, index, s->row_count, 0, longest);
  if (is_marked(s) && (s->mark_row < s->start_row || s->mark_row >= s->start_row + s->row_count)) {
    return report(check->fault, SEGMENT_MARK, index, s->mark_row, 0, 0);
  }
  int32_t slots[] = {s->read_slot, s->write_slot, is_marked(s) ? s->mark_slot : 0};
  for (uint32_t i = 0; i < 3; i++) {
    if (slots[i] >= 0 && slots[i] < check->slots) continue;
    return report(check->fault, SEGMENT_SLOT, index, slots[i], 0, check->slots - 1);
  }
}

static bool writes(const Segment *s, int32_t slot) {
  return s->write_slot == slot || (is_marked(s) && s->mark_slot == slot);
}

// Against one before it: no row of both, no slot written twice, or written by one and read by the other.
static void check_pair(const CheckSegments *check, int32_t index, int32_t other) {
  const Segment *a = check->segment + index, *b = check->segment + other;
  int32_t row = a->start_row > b->start_row ? a->start_row : b->start_row;
  if (row < a->start_row + a->row_count && row < b->start_row + b->row_count) {
    return report(check->fault, SEGMENT_OVERLAP, index, row, other, 0);
  }
  if (writes(b, a->write_slot)) return report(check->fault, SEGMENT_WRITE, index, a->write_slot, other, 0);
  if (is_marked(a) && writes(b, a->mark_slot)) return report(check->fault, SEGMENT_WRITE, index, a->mark_slot, other, 0);
  if (writes(b, a->read_slot)) return report(check->fault, SEGMENT_READ, index, a->read_slot, other, 0);
  if (writes(a, b->read_slot)) return report(check->fault, SEGMENT_READ, other, b->read_slot, index, 0);
}

KERNEL void checkSegments(const CheckSegments *check, uint32_t part, uint32_t parts) {
  (void)parts;
  if (part > 0) return;
  int32_t segments = (int32_t)*check->segments;
  for (int32_t index = 0; index < segments; index++) {
    const Segment *s = check->segment + index;
    if (is_padding(s)) continue;
    check_segment(check, index);
    if (check->fault->kind == NO_FAULT && is_marked(s) && s->mark_slot == s->write_slot) {
      report(check->fault, SEGMENT_WRITE, index, s->mark_slot, index, 0);
    }
    for (int32_t other = 0; other < index && check->fault->kind == NO_FAULT; other++) {
      if (!is_padding(check->segment + other)) check_pair(check, index, other);
    }
    if (check->fault->kind != NO_FAULT) return;
  }
}

typedef struct {
  Fault *fault;
  Extent rows;
  Extent context;
  Places places;
  Integer pages;
} CheckPages;

// Positions lie below `context` and below the page table's end, and every page up to them exists.
KERNEL void checkPages(const CheckPages *check, uint32_t part, uint32_t parts) {
  (void)parts;
  if (part > 0) return;
  const Places *at = &check->places;
  int32_t end = (int32_t)min_u32(*check->context, at->max_pages * PAGE_SIZE);
  for (uint32_t row = 0; row < *check->rows; row++) {
    int32_t slot = at->slot[row], position = at->position[row];
    if (slot == -1) continue;
    if (position < 0 || position >= end) return report(check->fault, OUT_OF_RANGE, (int32_t)row, position, 0, end - 1);
    // A row after one of its own sequence needs only the pages that are new.
    bool goes_on = row > 0 && at->slot[row - 1] == slot && at->position[row - 1] <= position;
    for (int32_t page = goes_on ? at->position[row - 1] / PAGE_SIZE : 0; page <= position / PAGE_SIZE; page++) {
      int32_t found = at->page_table[(uint64_t)slot * at->max_pages + page];
      if (found >= 0 && found < check->pages) continue;
      return report(check->fault, PAGE_MISSING, (int32_t)row, found, page, check->pages - 1);
    }
  }
}

typedef struct {
  Fault *fault;
  Extent rows;
  Places places;
} CheckWrites;

// No two rows write the same position of a page. Comes after checkPages.
KERNEL void checkWrites(const CheckWrites *check, uint32_t part, uint32_t parts) {
  (void)parts;
  if (part > 0) return;
  const Places *at = &check->places;
  for (uint32_t row = 1; row < *check->rows; row++) {
    if (at->slot[row] == -1) continue;
    uint64_t place = place_of(*at, at->slot[row], at->position[row]);
    for (uint32_t other = 0; other < row; other++) {
      if (at->position[other] % PAGE_SIZE != at->position[row] % PAGE_SIZE || at->slot[other] == -1) continue;
      if (place_of(*at, at->slot[other], at->position[other]) == place) {
        int32_t page = (int32_t)(place / PAGE_SIZE);
        return report(check->fault, POSITION_SHARED, (int32_t)row, page, (int32_t)other, place % PAGE_SIZE);
      }
    }
  }
}
