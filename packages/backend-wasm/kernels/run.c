// Walks the list of a Program's ops, on one thread.
#include "op-list.h"

// The index of the entry that found a fault, or −1.
KERNEL int32_t run(const Word *entry, uint32_t entries, Fault *fault) {
  fault->kind = NO_FAULT;
  for (uint32_t index = 0; index < entries; index++) {
    kernel_of(entry)(arguments_of(entry), 0, 1);
    if (fault->kind != NO_FAULT) return (int32_t)index;
    entry = entry_after(entry);
  }
  return -1;
}

// A part of one op, for one of several threads.
KERNEL void run_part(Kernel kernel, const void *arguments, uint32_t part, uint32_t parts) {
  kernel(arguments, part, parts);
}
