// Work that reads a mapped file, which another program may shorten: then the system has no bytes to give,
// and sends a signal that would end the process.
#pragma once

#include "instruction-set.h"

// Makes ready for `guarded`; once for a process.
void guard_start(void);

// Does a part of some work; false where its memory was not there.
bool guarded(Work work, const void *arguments, uint32_t part, uint32_t parts);
