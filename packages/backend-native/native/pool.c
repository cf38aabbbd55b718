#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

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
  atomic_bool stops;
  // Written before a ticket is given out, and read only by who holds a part of it.
  Work work;
  const void *arguments;
  uint64_t pieces;
  const InstructionSet *set;
  pthread_mutex_t mutex;
  pthread_cond_t opened, finished;
  uint32_t workers;
  pthread_t *threads;
};

// Takes parts until none is left.
static void take_parts(Pool *pool) {
  while (is_open(atomic_load(&pool->ticket))) {
    uint64_t ticket = atomic_fetch_add(&pool->ticket, 1);
    if (!is_open(ticket)) return;
    uint32_t parts = parts_of(ticket);
    pool->work(pool->arguments, next_of(ticket), parts);
    if (atomic_fetch_add(&pool->done, 1) + 1 == parts && atomic_load(&pool->owner_sleeps)) {
      pthread_mutex_lock(&pool->mutex);
      pthread_cond_signal(&pool->finished);
      pthread_mutex_unlock(&pool->mutex);
    }
  }
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
  enter_instruction_set(pool->set);
  while (!atomic_load(&pool->stops)) {
    wait_for_work(pool);
    take_parts(pool);
  }
  return 0;
}

static void wait_for_others(Pool *pool, uint32_t parts) {
  Spin spin = spin_start();
  do {
    if (atomic_load(&pool->done) == parts) return;
  } while (spin_on(&spin));
  pthread_mutex_lock(&pool->mutex);
  atomic_store(&pool->owner_sleeps, true);
  while (atomic_load(&pool->done) != parts) pthread_cond_wait(&pool->finished, &pool->mutex);
  atomic_store(&pool->owner_sleeps, false);
  pthread_mutex_unlock(&pool->mutex);
}

void pool_run(Pool *pool, Work work, const void *arguments, uint32_t parts) {
  if (pool->workers == 0 || parts <= 1 || parts > MOST_PARTS) {
    for (uint32_t part = 0; part < parts; part++) work(arguments, part, parts);
    return;
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
  take_parts(pool);
  wait_for_others(pool, parts);
}

Pool *pool_start(uint32_t threads, const InstructionSet *set) {
  Pool *pool = aligned_alloc(64, (sizeof(Pool) + 63) / 64 * 64);
  if (!pool) return 0;
  *pool = (Pool){.set = set, .threads = calloc(threads, sizeof(pthread_t))};
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
