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
  atomic_uint_fast64_t late_since;  // whoever now finishes a part has kept the owner waiting too long, since then; else 0
  atomic_int owner_at;  // the processor that the owner was on when it last gave out a ticket
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
  uint32_t taken;    // parts since it last rested
  uint32_t rests;    // each twice as long as the one before, until it has taken many parts
  uint64_t late_at;  // when it was last late, or had rested
} Fortune;

// Takes parts until none is left; since when the last of them was late, or 0.
static uint64_t take_parts(Pool *pool, Fortune *fortune) {
  uint64_t late_since = 0;
  while (is_open(atomic_load(&pool->ticket))) {
    uint64_t ticket = atomic_fetch_add(&pool->ticket, 1);
    if (!is_open(ticket)) break;
    uint32_t parts = parts_of(ticket);
    if (!guarded(pool->work, pool->arguments, next_of(ticket), parts)) atomic_store(&pool->is_broken, true);
    fortune->taken++;
    late_since = atomic_load(&pool->late_since);
    if (atomic_fetch_add(&pool->done, 1) + 1 == parts && atomic_load(&pool->owner_sleeps)) {
      pthread_mutex_lock(&pool->mutex);
      pthread_cond_signal(&pool->finished);
      pthread_mutex_unlock(&pool->mutex);
    }
  }
  return late_since;
}

// Milliseconds of the first rest, how often it doubles, and after how many parts in time it is short again.
#define FIRST_REST 10
#define MOST_DOUBLINGS 4
#define PARTS_IN_TIME 20000
// A thread is worth waiting for while it has the others wait for less than this share of its time: for a moment now
// and then, as when the host's own thread needs its processor.
#define WORTH_WAITING 4

static void rest_after_delay(Pool *pool, Fortune *fortune, uint64_t late_since) {
  uint64_t now = nanoseconds(), lasted = now - fortune->late_at;
  fortune->late_at = now;
  if (WORTH_WAITING * (now - late_since) < lasted) return;
  if (fortune->taken > PARTS_IN_TIME) fortune->rests = 0;
  uint32_t milliseconds = FIRST_REST << fortune->rests;
  if (fortune->rests < MOST_DOUBLINGS) fortune->rests++;
  fortune->taken = 0;
  while (milliseconds-- > 0 && !atomic_load(&pool->stops)) sleep_for(1000000);
  fortune->late_at = nanoseconds();
}

static bool has_work(Pool *pool) { return is_open(atomic_load(&pool->ticket)) || atomic_load(&pool->stops); }

// Whether the owner cannot go on before this thread sleeps.
static bool is_in_the_way(Pool *pool) {
  int32_t processor = current_processor();
  return processor >= 0 && processor == atomic_load(&pool->owner_at);
}

// Microseconds for which a thread first leaves its processor to the owner, and at most.
#define FIRST_LEAVE 250
#define MOST_LEAVE 2000

// Sleeps as long as the owner works on this thread's processor: to be woken for each piece would only hold it up.
static void get_out_of_the_way(Pool *pool) {
  uint64_t ticket;
  uint32_t leave = FIRST_LEAVE;
  do {
    if (!is_in_the_way(pool)) return;
    ticket = atomic_load(&pool->ticket);
    sleep_for(1000 * leave);
    leave = 2 * leave < MOST_LEAVE ? 2 * leave : MOST_LEAVE;
  } while (atomic_load(&pool->ticket) != ticket);
}

static void wait_for_work(Pool *pool) {
  Spin spin = spin_start();
  while (spin_on(&spin)) {
    if (has_work(pool)) return;
    if (spin.turns % 32 == 0 && is_in_the_way(pool)) break;
  }
  get_out_of_the_way(pool);
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->sleepers, 1);
  while (!has_work(pool)) pthread_cond_wait(&pool->opened, &pool->mutex);
  atomic_fetch_sub(&pool->sleepers, 1);
  pthread_mutex_unlock(&pool->mutex);
}

static void *work_on(void *argument) {
  Pool *pool = argument;
  Fortune fortune = {0, 0, 0};
  while (!atomic_load(&pool->stops)) {
    wait_for_work(pool);
    uint64_t late_since = take_parts(pool, &fortune);
    if (late_since) rest_after_delay(pool, &fortune, late_since);
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
      atomic_store(&pool->late_since, start);
      pthread_cond_wait(&pool->finished, &pool->mutex);
    } else {
      wait_at_most(&pool->finished, &pool->mutex, patience - waited);
    }
  }
  atomic_store(&pool->owner_sleeps, false);
  atomic_store(&pool->late_since, 0);
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
  int32_t processor = current_processor();
  if (processor != atomic_load(&pool->owner_at)) atomic_store(&pool->owner_at, processor);
  atomic_store(&pool->done, 0);
  atomic_store(&pool->ticket, ++pool->pieces << (NEXT_BITS + PARTS_BITS) | (uint64_t)parts << NEXT_BITS);
  if (atomic_load(&pool->sleepers) > 0) {
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->opened);
    pthread_mutex_unlock(&pool->mutex);
  }
  Fortune fortune = {0, 0, 0};
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
