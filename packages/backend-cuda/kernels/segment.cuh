// Runs of rows of one sequence, as the segment feed has them.
#pragma once
#include "kernel.cuh"

struct Segment {
  int start_row, row_count, read_slot, write_slot;
  /// A row of the step, and the slot that gets the state as it is after it; −1 where there is none.
  int mark_row, mark_slot;
};
