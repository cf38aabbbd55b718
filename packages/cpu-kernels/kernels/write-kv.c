// Stores the keys and values of each row in the page of its sequence and position.
//
//   page = pageTable[slot[r], floor(position[r] / PAGE_SIZE)]
//   keys[page, position[r] mod PAGE_SIZE] = key[r], values likewise
//
// Rows of slot −1 are padding and store nothing. Narrowing rounds to nearest, ties to even.
//
// Kwon et al. 2023, arXiv:2309.06180, for pages.
#include "page.h"
#include "stored.h"

typedef struct {
  Extent rows;
  Matrix key;
  Matrix value;
  Places places;
  Stored keys;
  Stored values;
} WriteKv;

typedef union {
  float value;
  uint32_t bits;
} Bits;

static uint16_t narrow_to_bf16(float value) {
  uint32_t b = ((Bits){value}).bits;
  if ((b & 0x7fffffff) > 0x7f800000) return (uint16_t)(b >> 16 | 0x40);
  return (uint16_t)((b + 0x7fff + (b >> 16 & 1)) >> 16);
}

static uint16_t narrow_to_f16(float value) {
  uint32_t b = ((Bits){value}).bits, magnitude = b & 0x7fffffff;
  uint16_t sign = b >> 16 & 0x8000;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 is the midpoint between the largest f16 and the next power of two: from there on, infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below the smallest normal f16 the result counts units of 2⁻²⁴, which are those of the f32 after 0.5.
  if (magnitude < 0x38800000) {
    Bits shifted = {.bits = magnitude};
    shifted.value += 0.5f;
    return sign | (uint16_t)(shifted.bits - 0x3f000000);
  }
  return sign | (uint16_t)((magnitude - 0x38000000 + 0xfff + (magnitude >> 13 & 1)) >> 13);
}

static void store_row(Stored state, uint64_t at, const float *row, uint32_t columns) {
  uint16_t *halves = (uint16_t *)state.data + at;
  if (state.format == F32) __builtin_memcpy((float *)state.data + at, row, (uint64_t)columns * 4);
  else if (state.format == F16) for (uint32_t i = 0; i < columns; i++) halves[i] = narrow_to_f16(row[i]);
  else for (uint32_t i = 0; i < columns; i++) halves[i] = narrow_to_bf16(row[i]);
}

KERNEL void writeKv(const WriteKv *op, uint32_t part, uint32_t parts) {
  uint32_t columns = op->key.columns;
  Share rows = share_of(*op->rows, part, parts);
  for (uint32_t row = rows.first; row < rows.end; row++) {
    int32_t slot = op->places.slot[row];
    if (slot == -1) continue;
    uint64_t at = place_of(op->places, slot, op->places.position[row]) * columns;
    store_row(op->keys, at, row_of(op->key, row), columns);
    store_row(op->values, at, row_of(op->value, row), columns);
  }
}
