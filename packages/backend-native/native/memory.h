// Memory that kernels read and write, and files that they read.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Zeroed, at a multiple of 64 bytes; null where there is none.
void *memory_allocate(size_t bytes);
void memory_release(void *address, size_t bytes);

// Bytes of a file without a copy of them; null with `error` said where it cannot be read, or is too short.
const void *memory_map(const char *path, uint64_t offset, size_t bytes, const char **error);
void memory_unmap(const void *address, size_t bytes);

// Brings a mapped range from the disk and into this process, so that its first use does not wait.
void memory_populate(const void *address, size_t bytes);
