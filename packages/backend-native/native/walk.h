// Walks the list of a Program's ops.
#pragma once

#include <stdatomic.h>

#include "op-list.h"
#include "pool.h"

// Of what kernels are given: the words of their structs, and the bytes of their workspaces. It rises with either, here and
// in `src/op-list.ts` of @krait/cpu-kernels: an addon that was built apart from its callers is refused, rather than write
// where nothing was set aside for it.
#define KERNEL_REVISION 3

typedef struct {
  const Word *entries;
  uint32_t count;
  uint32_t checks;  // how many of them, from the first on, look at the feeds
  uint32_t parts;   // into how many an op is divided
  Fault *fault;
} StepList;

#define STEP_DONE (-1)
#define STEP_BROKEN (-2)  // memory that it needs is not there

// One of these, or the index of the check that found a fault. Ends early once `stops` is set.
int32_t walk(const StepList *list, const InstructionSet *set, Pool *pool, atomic_bool *stops);
