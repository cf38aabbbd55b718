#define _GNU_SOURCE
#include "wait.h"

#include <sched.h>
#include <time.h>

// About what waking a sleeping thread takes: to wait longer than that in a loop costs more than it saves.
#define SPIN_NANOSECONDS 50000

#define STACK_BYTES (8u << 20)

#define SECOND 1000000000

static uint64_t read_clock(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static struct timespec timespec_of(uint64_t time) {
  return (struct timespec){.tv_sec = (time_t)(time / SECOND), .tv_nsec = (long)(time % SECOND)};
}

uint64_t nanoseconds(void) { return read_clock(CLOCK_MONOTONIC); }

int32_t current_processor(void) {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}

void sleep_for(uint32_t time) {
  struct timespec pause = timespec_of(time);
  nanosleep(&pause, 0);
}

void wait_at_most(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t time) {
  // Conditions go by the clock on the wall.
  struct timespec end = timespec_of(read_clock(CLOCK_REALTIME) + time);
  pthread_cond_timedwait(condition, mutex, &end);
}

static void rest(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

Spin spin_start(void) { return (Spin){0, 0}; }

bool spin_on(Spin *spin) {
  rest();
  // The clock takes longer to read than what is usually waited for.
  if (++spin->turns % 32 != 0) return true;
  uint64_t now = nanoseconds();
  if (spin->end == 0) spin->end = now + SPIN_NANOSECONDS;
  return now < spin->end;
}

bool start_thread(pthread_t *thread, void *(*run)(void *), void *argument) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  bool is_started = pthread_create(thread, &attributes, run, argument) == 0;
  pthread_attr_destroy(&attributes);
  return is_started;
}
