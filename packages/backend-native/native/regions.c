#include "regions.h"

#include <stdlib.h>

#include "memory.h"

struct Region {
  Region *next;
  const void *address;
  size_t bytes;
  bool is_mapped;
};

void regions_start(Regions *regions) {
  regions->first = 0;
  pthread_mutex_init(&regions->mutex, 0);
}

static void give_back(Region *region) {
  if (region->is_mapped) memory_unmap(region->address, region->bytes);
  else memory_release((void *)region->address, region->bytes);
  free(region);
}

void regions_stop(Regions *regions) {
  for (Region *region = regions->first, *next; region; region = next) {
    next = region->next;
    give_back(region);
  }
  pthread_mutex_destroy(&regions->mutex);
}

static const void *add(Regions *regions, Region *region) {
  pthread_mutex_lock(&regions->mutex);
  region->next = regions->first;
  regions->first = region;
  pthread_mutex_unlock(&regions->mutex);
  return region->address;
}

void *regions_allocate(Regions *regions, size_t bytes) {
  Region *region = malloc(sizeof *region);
  if (!region) return 0;
  *region = (Region){.address = memory_allocate(bytes), .bytes = bytes};
  if (region->address) return (void *)add(regions, region);
  free(region);
  return 0;
}

const void *regions_map(Regions *regions, const char *path, uint64_t offset, size_t bytes, const char **error) {
  Region *region = malloc(sizeof *region);
  *error = "there is no memory left";
  if (!region) return 0;
  *region = (Region){.address = memory_map(path, offset, bytes, error), .bytes = bytes, .is_mapped = true};
  if (region->address) return add(regions, region);
  free(region);
  return 0;
}

void regions_release(Regions *regions, const void *address) {
  pthread_mutex_lock(&regions->mutex);
  Region **link = &regions->first;
  while (*link && (*link)->address != address) link = &(*link)->next;
  Region *found = *link;
  if (found) *link = found->next;
  pthread_mutex_unlock(&regions->mutex);
  if (found) give_back(found);
}
