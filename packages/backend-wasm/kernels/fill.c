// Rows of a file, as they arrive, to where the kernels read them: numbers as they are, blocks into tiles.
//
// A row's values are taken 32 at a time as eight words, byte k of word g being the value of column 4g + k:
// as ggml packs its blocks this needs no byte to be moved alone.
//
// Source: the block structures of ggml (ggml-common.h); their formulas are in @krait/tensor's block-formats.
#include "multiply.h"
#include "stored.h"
#include "tile.h"

// 32 values of a row, and their scales as a tile stores them.
typedef struct {
  uint32_t words[8];
  uint16_t scale;
  uint16_t offset;
  int8_t part_scales[2];
  int8_t part_offsets[2];
} Values;

INLINE uint16_t half_at(const uint8_t *p) {
  uint16_t half;
  __builtin_memcpy(&half, p, 2);
  return half;
}

INLINE uint32_t word_at(const uint8_t *p) {
  uint32_t word;
  __builtin_memcpy(&word, p, 4);
  return word;
}

// Byte j holds value j in its low half and value j + 16 in its high half.
INLINE void take_nibbles(const uint8_t *nibbles, Values *to) {
  for (uint32_t g = 0; g < 4; g++) {
    uint32_t both = word_at(nibbles + 4 * g);
    to->words[g] = both & 0x0f0f0f0f;
    to->words[g + 4] = both >> 4 & 0x0f0f0f0f;
  }
}

// Bit j of `bits` is the fifth bit of value j: four bits spread over four bytes for each word.
INLINE void take_fifth_bits(uint32_t bits, Values *to) {
  for (uint32_t g = 0; g < 8; g++) {
    to->words[g] |= ((bits >> 4 * g & 15) * 0x00204081 & 0x01010101) << 4;
  }
}

// The power of two of mxfp4, 2^(e − 127), halved, as bf16; the smallest two are subnormal.
INLINE uint16_t halved_power(uint8_t e) { return e > 1 ? (uint16_t)((e - 1) << 7) : (uint16_t)(0x20 << e); }

// One of 16 scales of 6 bits: four low bits in bytes 0 to 7, two high ones in bytes 8 to 11.
INLINE int8_t q3_scale(const uint8_t *scales, uint32_t sub) {
  uint32_t low = scales[sub & 7] >> (sub < 8 ? 0 : 4) & 15, high = scales[8 + (sub & 3)] >> 2 * (sub >> 2) & 3;
  return (int8_t)((int32_t)(low | high << 4) - 32);
}

// One of 8 scales of 6 bits; the minima stand four bytes, or four bits, further on.
INLINE int8_t q4_scale(const uint8_t *scales, uint32_t sub) {
  return (int8_t)(sub < 4 ? scales[sub] & 63 : (scales[sub + 4] & 15) | (scales[sub - 4] >> 6) << 4);
}

INLINE int8_t q4_minimum(const uint8_t *scales, uint32_t sub) {
  return (int8_t)(sub < 4 ? scales[sub + 4] & 63 : scales[sub + 4] >> 4 | (scales[sub] >> 6) << 4);
}

// A minimum is subtracted, an offset is added.
INLINE uint16_t negated(uint16_t half) { return half ^ 0x8000; }

// Part `b` of a block of 256, b from 0 to 7: the bits of its words, each byte from a plane of its own.
INLINE uint32_t plane(const uint8_t *from, uint32_t g, uint32_t shift, uint32_t mask) {
  return word_at(from + 4 * g) >> shift & mask * 0x01010101;
}

INLINE void take_k_quant(Format format, const uint8_t *block, uint32_t b, Values *to) {
  const uint8_t *low, *high = 0;
  uint32_t low_shift, low_mask = 15, high_shift = 0, high_mask = 1, high_place = 4;
  switch (format) {
    case Q2_K:
    case Q3_K:
      low = block + (format == Q2_K ? 16 : 32) + 32 * (b >> 2), low_shift = 2 * (b & 3), low_mask = 3;
      if (format == Q3_K) high = block, high_shift = b, high_place = 2;
      break;
    case Q4_K:
    case Q5_K:
      low = block + (format == Q4_K ? 16 : 48) + 32 * (b >> 1), low_shift = 4 * (b & 1);
      if (format == Q5_K) high = block + 16, high_shift = b;
      break;
    default:  // Q6_K
      low = block + 64 * (b >> 2) + 32 * (b & 1), low_shift = 4 * (b >> 1 & 1);
      high = block + 128 + 32 * (b >> 2), high_shift = 2 * (b & 3), high_mask = 3;
  }
  for (uint32_t g = 0; g < 8; g++) {
    to->words[g] = plane(low, g, low_shift, low_mask);
    if (high) to->words[g] |= plane(high, g, high_shift, high_mask) << high_place;
  }
  if (format == Q4_K || format == Q5_K) {
    to->scale = half_at(block), to->offset = negated(half_at(block + 2));
    to->part_scales[0] = q4_scale(block + 4, b), to->part_offsets[0] = q4_minimum(block + 4, b);
    return;
  }
  to->scale = half_at(block + (format == Q2_K ? 80 : format == Q3_K ? 108 : 208));
  if (format == Q2_K) to->offset = negated(half_at(block + 82));
  for (uint32_t part = 0; part < 2; part++) {
    uint32_t sub = 2 * b + part;
    if (format == Q3_K) to->part_scales[part] = q3_scale(block + 96, sub);
    else if (format == Q6_K) to->part_scales[part] = (int8_t)block[192 + sub];
    else to->part_scales[part] = block[sub] & 15, to->part_offsets[part] = (int8_t)(block[sub] >> 4);
  }
}

INLINE void take(Format format, const uint8_t *row, uint32_t b, Values *to) {
  switch (format) {
    case Q8_0:
      row += 34 * b;
      to->scale = half_at(row);
      __builtin_memcpy(to->words, row + 2, 32);
      break;
    case Q4_0:
    case IQ4_NL:
      row += 18 * b;
      to->scale = half_at(row);
      take_nibbles(row + 2, to);
      break;
    case MXFP4:
      row += 17 * b;
      to->scale = halved_power(row[0]);
      take_nibbles(row + 1, to);
      break;
    case Q4_1:
      row += 20 * b;
      to->scale = half_at(row), to->offset = half_at(row + 2);
      take_nibbles(row + 4, to);
      break;
    case Q5_0:
      row += 22 * b;
      to->scale = half_at(row);
      take_nibbles(row + 6, to);
      take_fifth_bits(word_at(row + 2), to);
      break;
    case Q5_1:
      row += 24 * b;
      to->scale = half_at(row), to->offset = half_at(row + 2);
      take_nibbles(row + 8, to);
      take_fifth_bits(word_at(row + 4), to);
      break;
    default: {
      uint32_t bytes = format == Q2_K ? 84 : format == Q3_K ? 110 : format == Q4_K ? 144 : format == Q5_K ? 176 : 210;
      take_k_quant(format, row + b / 8 * bytes, b % 8, to);
    }
  }
}

// Row 0 to 7 of a tile.
INLINE void place(Layout l, uint8_t *tile, uint32_t row, const Values *values) {
  uint32_t half = row / 4, lane = row % 4;
  const uint32_t *words = values->words;
  uint32_t *to = (uint32_t *)(tile + values_at(l) + (l.bits == 8 ? 128 : 64) * half) + lane;
  ((uint16_t *)tile)[row] = values->scale;
  if (l.has_offset) ((uint16_t *)(tile + offsets_at()))[row] = values->offset;
  if (l.has_part_scales) {
    for (uint32_t part = 0; part < l.parts; part++) {
      tile[part_scales_at(l) + 8 * part + row] = (uint8_t)values->part_scales[part];
      if (l.has_offset) tile[part_offsets_at(l) + 8 * part + row] = (uint8_t)values->part_offsets[part];
    }
  }
  if (l.bits == 8) {
    for (uint32_t g = 0; g < 8; g++) to[4 * g] = words[g];
    return;
  }
  for (uint32_t g = 0; g < 4; g++) to[4 * g] = (words[g] & 0x0f0f0f0f) | (words[g + 4] & 0x0f0f0f0f) << 4;
  if (l.bits == 4) return;
  uint32_t *high = (uint32_t *)(tile + high_bits_at(l)) + (l.bits == 5 ? 4 : 8) * half + lane;
  uint32_t bits[2] = {0, 0};
  for (uint32_t g = 0; g < 8; g++) {
    if (l.bits == 5) bits[0] |= (words[g] >> 4 & 0x01010101) << g;
    else bits[g / 4] |= (words[g] >> 4 & 0x03030303) << 2 * (g & 3);
  }
  high[0] = bits[0];
  if (l.bits == 6) high[4] = bits[1];
}

INLINE void fill_tiles(Format format, uint8_t *data, uint32_t columns, uint32_t first, uint32_t count,
                       const uint8_t *from, uint32_t row_bytes) {
  const Layout l = layout_of(format);
  uint32_t blocks = columns / TILE_COLUMNS;
  Values values;
  for (uint32_t row = first; row < first + count; row++, from += row_bytes) {
    uint8_t *tile = data + row / TILE_ROWS * blocks * tile_bytes(l);
    for (uint32_t b = 0; b < blocks; b++, tile += tile_bytes(l)) {
      take(format, from, b, &values);
      place(l, tile, row % TILE_ROWS, &values);
    }
  }
}

// `count` rows from row `first` on, of `row_bytes` each in the file. The data is zeroed before the first.
KERNEL void fill(uint8_t *data, Format format, uint32_t columns, uint32_t first, uint32_t count,
                 const uint8_t *from, uint32_t row_bytes) {
  switch (format) {
#define CASE(F) case F: return fill_tiles(F, data, columns, first, count, from, row_bytes);
    CASE(Q8_0) CASE(Q4_0) CASE(Q4_1) CASE(Q5_0) CASE(Q5_1) CASE(Q2_K) CASE(Q3_K) CASE(Q4_K) CASE(Q5_K)
    CASE(Q6_K) CASE(IQ4_NL) CASE(MXFP4)
    default: __builtin_memcpy(data + first * row_bytes, from, count * row_bytes);
  }
}

// What 8 rows by 32 columns of a block format take here.
KERNEL uint32_t tile_bytes_of(Format format) { return tile_bytes(layout_of(format)); }
