#include "queue.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "regions.h"
#include "wait.h"

struct Queue {
  const InstructionSet *set;
  Pool *pool;
  ReadDone done;
  void *context;
  Regions regions;
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t pushed;
  Command *first, *last;
  atomic_bool stops;
  Refusal refusal;
  uint32_t refusals;
};

Command *queue_command(CommandKind kind, size_t copied) {
  Command *command = malloc(sizeof *command + copied);
  if (command) *command = (Command){.kind = kind};
  return command;
}

void queue_push(Queue *queue, Command *command) {
  pthread_mutex_lock(&queue->mutex);
  if (queue->last) queue->last->next = command;
  else queue->first = command;
  queue->last = command;
  pthread_cond_signal(&queue->pushed);
  pthread_mutex_unlock(&queue->mutex);
}

// The next command; null when the queue has been stopped.
static Command *take(Queue *queue) {
  pthread_mutex_lock(&queue->mutex);
  while (!queue->first && !atomic_load(&queue->stops)) pthread_cond_wait(&queue->pushed, &queue->mutex);
  Command *command = atomic_load(&queue->stops) ? 0 : queue->first;
  if (command) {
    queue->first = command->next;
    if (!queue->first) queue->last = 0;
  }
  pthread_mutex_unlock(&queue->mutex);
  return command;
}

static void run_step(Queue *queue, const Command *command) {
  if (queue->refusal.serial) return;
  int32_t check = walk(&command->list, queue->set, queue->pool, &queue->stops);
  if (check != STEP_DONE) queue->refusal = (Refusal){++queue->refusals, command->number, check, *command->list.fault};
}

// In pieces, so that stopping does not wait for a disk.
static void populate(Queue *queue, const Command *command) {
  const size_t piece = (size_t)16 << 20;
  for (size_t at = 0; at < command->bytes && !atomic_load(&queue->stops); at += piece) {
    size_t left = command->bytes - at;
    memory_populate(command->source + at, left < piece ? left : piece);
  }
}

static void execute(Queue *queue, Command *command) {
  switch (command->kind) {
    case WRITE: memcpy(command->target, command->copied, command->bytes); break;
    case CLEAR: memset(command->target, 0, command->bytes); break;
    case COPY: memcpy(command->target, command->source, command->bytes); break;
    case STEP: run_step(queue, command); break;
    case POPULATE: populate(queue, command); break;
    case RELEASE: regions_release(&queue->regions, command->source); break;
    case FORGIVE:
      if (queue->refusal.serial == command->number && queue->refusal.check >= 0) queue->refusal = (Refusal){0};
      break;
    case READ:
      command->refusal = queue->refusal;
      if (!queue->refusal.serial) memcpy(command->target, command->source, command->bytes);
      queue->done(queue->context, command);
      return;
  }
  free(command);
}

static void *serve(void *argument) {
  Queue *queue = argument;
  for (Command *command; (command = take(queue));) execute(queue, command);
  return 0;
}

Queue *queue_start(uint32_t threads, const InstructionSet *set, ReadDone done, void *context) {
  Queue *queue = calloc(1, sizeof *queue);
  if (!queue) return 0;
  queue->set = set;
  queue->done = done;
  queue->context = context;
  queue->pool = pool_start(threads);
  pthread_mutex_init(&queue->mutex, 0);
  pthread_cond_init(&queue->pushed, 0);
  regions_start(&queue->regions);
  if (queue->pool && start_thread(&queue->thread, serve, queue)) return queue;
  if (queue->pool) pool_stop(queue->pool);
  free(queue);
  return 0;
}

void queue_stop(Queue *queue) {
  pthread_mutex_lock(&queue->mutex);
  atomic_store(&queue->stops, true);
  pthread_cond_signal(&queue->pushed);
  pthread_mutex_unlock(&queue->mutex);
  pthread_join(queue->thread, 0);
  pool_stop(queue->pool);
  for (Command *command = queue->first, *next; command; command = next) {
    next = command->next;
    free(command);
  }
  regions_stop(&queue->regions);
  pthread_cond_destroy(&queue->pushed);
  pthread_mutex_destroy(&queue->mutex);
  free(queue);
}

void *queue_allocate(Queue *queue, size_t bytes) { return regions_allocate(&queue->regions, bytes); }

const void *queue_map(Queue *queue, const char *path, uint64_t offset, size_t bytes, const char **error) {
  return regions_map(&queue->regions, path, offset, bytes, error);
}
