// What the host has asked for, done in order on a thread of its own.
//
// A step whose feeds are wrong is refused. Steps after it are then left out and reads give the refusal instead of bytes,
// until the host says that it has heard of it: what it had enqueued by then built on a step that never was. A step
// whose memory is not there, as that of a file which was shortened, is the last: every read after it is lost.
#pragma once

#include <stddef.h>

#include "walk.h"

typedef enum { WRITE, CLEAR, COPY, STEP, READ, POPULATE, RELEASE, FORGIVE } CommandKind;

// Why a step was refused.
typedef struct {
  uint32_t serial;  // counts refusals; 0 where there is none
  uint32_t step;    // as the host numbers its steps
  int32_t check;    // or STEP_BROKEN, and then for good
  Fault fault;
} Refusal;

typedef struct Command {
  struct Command *next;
  CommandKind kind;
  char *target;
  const char *source;
  size_t bytes;
  StepList list;
  uint32_t number;  // of a step, or of a refusal
  Refusal refusal;  // what a read found
  void *context;    // of a read, for whoever is told that it is done
  char copied[];    // what is written
} Command;

typedef struct Queue Queue;

typedef void (*ReadDone)(void *context, Command *read);

// Starts the thread and its pool; null where they cannot be had. `done` is called on that thread, and owns the command.
Queue *queue_start(uint32_t threads, const InstructionSet *set, ReadDone done, void *context);

// A command with room for so many copied bytes; null where there is no memory.
Command *queue_command(CommandKind kind, size_t copied);

void queue_push(Queue *queue, Command *command);

// Ends the step that runs, drops what was to follow, and frees all memory that is left.
void queue_stop(Queue *queue);

// Zeroed memory, or a file's. Given back by a command; null where there is none.
void *queue_allocate(Queue *queue, size_t bytes);
const void *queue_map(Queue *queue, const char *path, uint64_t offset, size_t bytes, const char **error);
