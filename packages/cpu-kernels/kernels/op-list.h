// The list of a Program's ops, which a backend walks once for each step.
//
//   entry = [kernel, words, argument words …]      kernel: the address of its function
//
// The entries of checks come first. They look at the feeds; the first that finds a fault describes it
// and ends the step, before any kernel has written anything. Every other entry waits for all parts of
// the one before it.
#pragma once

#include "fault.h"

typedef uintptr_t Word;

typedef void (*Kernel)(const void *arguments, uint32_t part, uint32_t parts);

INLINE Kernel kernel_of(const Word *entry) { return (Kernel)entry[0]; }

INLINE const Word *arguments_of(const Word *entry) { return entry + 2; }

INLINE const Word *entry_after(const Word *entry) { return entry + 2 + entry[1]; }
