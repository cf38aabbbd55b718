// The memory that a queue has handed out, so that none of it is left when the queue ends.
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Region Region;

typedef struct {
  Region *first;
  pthread_mutex_t mutex;
} Regions;

void regions_start(Regions *regions);
void regions_stop(Regions *regions);

// As in memory.h.
void *regions_allocate(Regions *regions, size_t bytes);
const void *regions_map(Regions *regions, const char *path, uint64_t offset, size_t bytes, const char **error);

void regions_release(Regions *regions, const void *address);
