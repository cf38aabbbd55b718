// Walks the list of a Program's ops.
#pragma once

#include <stdatomic.h>

#include "op-list.h"
#include "pool.h"

typedef struct {
  const Word *entries;
  uint32_t count;
  uint32_t checks;  // how many of them, from the first on, look at the feeds
  uint32_t parts;   // into how many an op is divided
  Fault *fault;
} StepList;

// The index of the check that found a fault, or −1. Ends early once `stops` is set.
int32_t walk(const StepList *list, const InstructionSet *set, Pool *pool, atomic_bool *stops);
