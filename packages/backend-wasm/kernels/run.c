// The list of a Program's ops, walked once for each step.
//
//   entry = [kernel, words, argument words …]      kernel: its place in the table of functions
//
// The entries of checks come first. They look at the feeds; the first that finds a fault describes it
// in `fault` and ends the step, before any kernel has written anything.
#include "fault.h"

Fault fault;

KERNEL Fault *fault_address(void) { return &fault; }

typedef void (*Kernel)(const void *arguments);

// The index of the entry that found a fault, or −1.
KERNEL int32_t run(const uint32_t *list, uint32_t count) {
  fault.kind = NO_FAULT;
  for (uint32_t index = 0; index < count; index++) {
    ((Kernel)list[0])(list + 2);
    if (fault.kind != NO_FAULT) return (int32_t)index;
    list += 2 + list[1];
  }
  return -1;
}
