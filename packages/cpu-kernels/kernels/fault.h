// What a check found wrong in the feeds of a step.
#pragma once

#include "kernel.h"

// In the order of `faultKinds` in `src/fault.ts`, where each is put into words.
typedef enum {
  NO_FAULT,
  OUT_OF_RANGE,
  LAST_TOKEN,
  SEGMENT_ROWS,
  SEGMENT_LENGTH,
  SEGMENT_OVERLAP,
  SEGMENT_MARK,
  SEGMENT_SLOT,
  SEGMENT_WRITE,
  SEGMENT_READ,
  PAGE_MISSING,
  POSITION_SHARED,
} FaultKind;

typedef struct {
  uint32_t kind;
  // Which row, segment or element.
  int32_t at;
  // What was found there.
  int32_t value;
  // What would have been right, or with what it collides.
  int32_t least;
  int32_t most;
} Fault;

INLINE void report(Fault *fault, FaultKind kind, int32_t at, int32_t value, int32_t least, int32_t most) {
  *fault = (Fault){kind, at, value, least, most};
}
