// A segment: a run of consecutive rows of one sequence, as `SegmentColumn` in @krait/tensor describes it.
#pragma once

#include "kernel.h"

typedef struct {
  int32_t start_row;
  int32_t row_count;
  int32_t read_slot;
  int32_t write_slot;
  int32_t mark_row;
  int32_t mark_slot;
} Segment;

INLINE bool is_padding(const Segment *segment) { return segment->write_slot == -1; }
