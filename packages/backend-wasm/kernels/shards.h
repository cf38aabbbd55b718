// What the host has other threads do.
#pragma once

#include "multiply.h"
#include "op-list.h"

#define FIRST_ADDRESS 1024

#define HOST(name) __attribute__((import_module("env"), import_name(name)))

// Calls kernel(arguments, part, parts) for each part, on a thread of its own, and returns when all have returned.
HOST("runParts")
void run_parts(Kernel kernel, const void *arguments);

// A weight whose rows are in other memories has no address: its number stands there, which is less than any address of
// data.
INLINE bool is_sharded(const void *data) { return (uintptr_t)data < FIRST_ADDRESS; }

// As `multiply`, with each thread's share of the rows. x is what `prepare` made.
HOST("multiplyShards")
void multiply_shards(const void *weight, const void *x, uint32_t x_bytes, uint32_t count, float *y, uint32_t stride);

// `widen_row` for each of `count` rows; zeros for a row of −1.
HOST("widenShards")
void widen_shards(const void *weight, const int32_t *rows, uint32_t count, float *to, uint32_t stride);
