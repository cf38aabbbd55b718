// Waiting without sleeping, for a while; and starting threads.
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

// Counts the turns of a loop that waits.
typedef struct {
  uint32_t turns;
  uint64_t end;  // in nanoseconds
} Spin;

// Of a clock that only goes forward.
uint64_t nanoseconds(void);

// The number of the processor that this thread is on; −1 where that cannot be told.
int32_t current_processor(void);

void sleep_for(uint32_t nanoseconds);

// Waits for a condition, but no longer than so many nanoseconds.
void wait_at_most(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t nanoseconds);

Spin spin_start(void);

// Rests for an instant; false when it is time to sleep.
bool spin_on(Spin *spin);

// With a stack that is large enough for the tiles of products.
bool start_thread(pthread_t *thread, void *(*run)(void *), void *argument);
