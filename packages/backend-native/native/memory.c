#define _GNU_SOURCE
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// From this size on memory comes from the system by itself, in large pages where there are any.
#define LARGE_BYTES (1u << 20)

void *memory_allocate(size_t bytes) {
  if (bytes < LARGE_BYTES) {
    void *address = aligned_alloc(64, (bytes + 64) / 64 * 64);
    return address ? memset(address, 0, bytes) : 0;
  }
  void *address = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) return 0;
#ifdef MADV_HUGEPAGE
  madvise(address, bytes, MADV_HUGEPAGE);
#endif
  return address;
}

void memory_release(void *address, size_t bytes) {
  if (bytes < LARGE_BYTES) free(address);
  else munmap(address, bytes);
}

// A mapping begins where a page does; so many bytes before what was asked for.
static size_t bytes_before(uint64_t offset) { return offset % (uint64_t)sysconf(_SC_PAGESIZE); }

const void *memory_map(const char *path, uint64_t offset, size_t bytes, const char **error) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return *error = strerror(errno), (const void *)0;
  struct stat status;
  const char *mapped = 0;
  if (fstat(file, &status) != 0) *error = strerror(errno);
  else if ((uint64_t)status.st_size < offset + bytes) *error = "the file ends before the weight does";
  else {
    size_t before = bytes_before(offset);
    void *start = mmap(0, before + bytes, PROT_READ, MAP_SHARED, file, (off_t)(offset - before));
    if (start == MAP_FAILED) *error = strerror(errno);
    else mapped = (const char *)start + before;
  }
  close(file);
  return mapped;
}

void memory_unmap(const void *address, size_t bytes) {
  size_t before = bytes_before((uintptr_t)address);
  munmap((char *)address - before, before + bytes);
}

void memory_populate(const void *address, size_t bytes) {
  size_t before = bytes_before((uintptr_t)address);
  char *start = (char *)address - before;
#ifdef MADV_POPULATE_READ
  if (madvise(start, before + bytes, MADV_POPULATE_READ) == 0) return;
#endif
  madvise(start, before + bytes, MADV_WILLNEED);
}
