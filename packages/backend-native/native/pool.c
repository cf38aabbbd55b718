#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "guard.h"
#include "wait.h"

// Bits of a ticket: which piece of work, how many parts it has, and which is the next to take. In one word,
// so that a thread which comes late cannot take a part of another piece by mistake.
#define NEXT_BITS 22
#define PARTS_BITS 22
#define MOST_PARTS (1u << (PARTS_BITS - 1))

static uint32_t next_of(uint64_t ticket) { return ticket & ((1u << NEXT_BITS) - 1); }
static uint32_t parts_of(uint64_t ticket) { return ticket >> NEXT_BITS & ((1u << PARTS_BITS) - 1); }
static bool is_open(uint64_t ticket) { return next_of(ticket) < parts_of(ticket); }

struct Pool {
  _Alignas(64) atomic_uint_fast64_t ticket;
  _Alignas(64) atomic_uint done;
  _Alignas(64) atomic_uint sleepers;  // among the workers
  atomic_bool owner_sleeps;
  atomic_bool is_late;  // whoever now finishes a part has kept the owner waiting for too long
  atomic_bool is_broken;  // a part could not be done
  atomic_bool stops;
  // Written before a ticket is given out, and read only by who holds a part of it.
  Work work;
  const void *arguments;
  uint64_t pieces;
  pthread_mutex_t mutex;
  pthread_cond_t opened, finished;
  uint32_t workers;
  pthread_t *threads;
};

// How a thread fares.
typedef struct {
  uint32_t taken;  // parts since it was last late
  uint32_t rests;  // each twice as long as the one before, until it has taken many parts
} Fortune;

// Takes parts until none is left; whether the last of them was late.
static bool take_parts(Pool *pool, Fortune *fortune) {
  bool was_late = false;
  while (is_open(atomic_load(&pool->ticket))) {
    uint64_t ticket = atomic_fetch_add(&pool->ticket, 1);
    if (!is_open(ticket)) break;
    uint32_t parts = parts_of(ticket);
    if (!guarded(pool->work, pool->arguments, next_of(ticket), parts)) atomic_store(&pool->is_broken, true);
    fortune->taken++;
    was_late = atomic_load(&pool->is_late);
    if (atomic_fetch_add(&pool->done, 1) + 1 == parts && atomic_load(&pool->owner_sleeps)) {
      pthread_mutex_lock(&pool->mutex);
      pthread_cond_signal(&pool->finished);
      pthread_mutex_unlock(&pool->mutex);
    }
  }
  return was_late;
}

// Milliseconds of the first rest, how often it doubles, and after how many parts in time it is short again.
#define FIRST_REST 10
#define MOST_DOUBLINGS 4
#define PARTS_IN_TIME 20000

static void rest_after_delay(Pool *pool, Fortune *fortune) {
  if (fortune->taken > PARTS_IN_TIME) fortune->rests = 0;
  uint32_t milliseconds = FIRST_REST << fortune->rests;
  if (fortune->rests < MOST_DOUBLINGS) fortune->rests++;
  fortune->taken = 0;
  while (milliseconds-- > 0 && !atomic_load(&pool->stops)) sleep_for(1000000);
}

static bool has_work(Pool *pool) { return is_open(atomic_load(&pool->ticket)) || atomic_load(&pool->stops); }

static void wait_for_work(Pool *pool) {
  Spin spin = spin_start();
  while (spin_on(&spin)) {
    if (has_work(pool)) return;
  }
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->sleepers, 1);
  while (!has_work(pool)) pthread_cond_wait(&pool->opened, &pool->mutex);
  atomic_fetch_sub(&pool->sleepers, 1);
  pthread_mutex_unlock(&pool->mutex);
}

static void *work_on(void *argument) {
  Pool *pool = argument;
  Fortune fortune = {0, 0};
  while (!atomic_load(&pool->stops)) {
    wait_for_work(pool);
    if (take_parts(pool, &fortune)) rest_after_delay(pool, &fortune);
  }
  return 0;
}

// `patience`: how many nanoseconds a part may take.
static void wait_for_others(Pool *pool, uint32_t parts, uint64_t patience) {
  Spin spin = spin_start();
  do {
    if (atomic_load(&pool->done) == parts) return;
  } while (spin_on(&spin));
  // Sleeping leaves this processor to the thread that is waited for, if it has none.
  pthread_mutex_lock(&pool->mutex);
  atomic_store(&pool->owner_sleeps, true);
  uint64_t start = nanoseconds();
  while (atomic_load(&pool->done) != parts) {
    uint64_t waited = nanoseconds() - start;
    if (waited >= patience) {
      atomic_store(&pool->is_late, true);
      pthread_cond_wait(&pool->finished, &pool->mutex);
    } else {
      wait_at_most(&pool->finished, &pool->mutex, patience - waited);
    }
  }
  atomic_store(&pool->owner_sleeps, false);
  atomic_store(&pool->is_late, false);
  pthread_mutex_unlock(&pool->mutex);
}

bool pool_run(Pool *pool, Work work, const void *arguments, uint32_t parts) {
  if (pool->workers == 0 || parts <= 1 || parts > MOST_PARTS) {
    for (uint32_t part = 0; part < parts; part++) {
      if (!guarded(work, arguments, part, parts)) return false;
    }
    return true;
  }
  pool->work = work;
  pool->arguments = arguments;
  atomic_store(&pool->done, 0);
  atomic_store(&pool->ticket, ++pool->pieces << (NEXT_BITS + PARTS_BITS) | (uint64_t)parts << NEXT_BITS);
  if (atomic_load(&pool->sleepers) > 0) {
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->opened);
    pthread_mutex_unlock(&pool->mutex);
  }
  Fortune fortune = {0, 0};
  uint64_t start = nanoseconds();
  take_parts(pool, &fortune);
  uint64_t taken = fortune.taken ? fortune.taken : 1;
  wait_for_others(pool, parts, 2 * (nanoseconds() - start) / taken);
  return !atomic_load(&pool->is_broken);
}

Pool *pool_start(uint32_t threads) {
  guard_start();
  Pool *pool = aligned_alloc(64, (sizeof(Pool) + 63) / 64 * 64);
  if (!pool) return 0;
  *pool = (Pool){.threads = calloc(threads, sizeof(pthread_t))};
  pthread_mutex_init(&pool->mutex, 0);
  pthread_cond_init(&pool->opened, 0);
  pthread_cond_init(&pool->finished, 0);
  while (pool->threads && pool->workers + 1 < threads && start_thread(&pool->threads[pool->workers], work_on, pool)) {
    pool->workers++;
  }
  if (pool->workers + 1 == threads) return pool;
  pool_stop(pool);
  return 0;
}

void pool_stop(Pool *pool) {
  pthread_mutex_lock(&pool->mutex);
  atomic_store(&pool->stops, true);
  pthread_cond_broadcast(&pool->opened);
  pthread_mutex_unlock(&pool->mutex);
  for (uint32_t i = 0; i < pool->workers; i++) pthread_join(pool->threads[i], 0);
  pthread_cond_destroy(&pool->finished);
  pthread_cond_destroy(&pool->opened);
  pthread_mutex_destroy(&pool->mutex);
  free(pool->threads);
  free(pool);
}
