// Threads that share the parts of one piece of work after another.
//
// Parts are taken one at a time by whoever is free, so a thread that loses its processor to another program takes
// fewer. Who waits does so in a loop for some microseconds, as long as it takes to get from one op to the
// next, and then sleeps: a loop without end would keep the processor from the very thread that is waited for.
// A thread that keeps the others waiting for a large share of its time has no processor to itself. It rests for some
// milliseconds, longer each time, and leaves the work to those that have. So does one that finds itself on the caller's
// processor, where it only gets in the way, for as long as it stays there.
#pragma once

#include "instruction-set.h"

typedef struct Pool Pool;

// A pool of `threads` threads, of which one is the caller's; null where they cannot be had.
Pool *pool_start(uint32_t threads);

// Does all parts and returns when they are done; false where memory was not there for one. Called by one thread at a time.
bool pool_run(Pool *pool, Work work, const void *arguments, uint32_t parts);

void pool_stop(Pool *pool);
