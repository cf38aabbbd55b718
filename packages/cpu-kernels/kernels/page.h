// Pages of keys and values, and the places of rows in them.
#pragma once

#include "kernel.h"

#define PAGE_SIZE 32

// Where rows stand: a slot and a position each, and the pages of every slot, [slots, max_pages].
typedef struct {
  const int32_t *slot;
  const int32_t *position;
  const int32_t *page_table;
  Count max_pages;
} Places;

// Where a position of a slot is in the keys' and values' first dimensions, [pages · PAGE_SIZE].
INLINE uint64_t place_of(Places places, int32_t slot, int32_t position) {
  int32_t page = places.page_table[(uint64_t)slot * places.max_pages + position / PAGE_SIZE];
  return (uint64_t)page * PAGE_SIZE + position % PAGE_SIZE;
}
