// The product for many rows with the tiles of AMX: 16 rows of activations times 16 rows of weights, block by block.
//
// A tile register holds the bytes of one block (or of its half, where a format is fine): of 16 rows of activations one
// after the other, of 16 rows of weights word by word. Their product is 16 × 16 exact sums, which are scaled and added
// up as everywhere: the sums of block l of every group in a lane of their own, and the lanes at the end.
//
// Intel, "Architecture Instruction Set Extensions Programming Reference", chapter on AMX.
#pragma once

#include "linear-many.h"

#define TILE_SIDE 16

// One group of TILE_SIDE rows of weights.
//
//   words [halves, block, word of the half, row]      as a tile register reads them
//   numbers [scale or offset, block, row]
INLINE char *panel_group(Format format, char *panels, uint32_t groups, uint32_t panel, uint32_t group) {
  return panels + (uint64_t)(panel * groups + group) * TILE_SIDE * unpacked_bytes(format);
}

INLINE Words words_of_half(Words a, Words b, bool upper) {
  return upper ? (Words)_mm512_shuffle_i32x4((__m512i)a, (__m512i)b, 0xdd)
               : (Words)_mm512_shuffle_i32x4((__m512i)a, (__m512i)b, 0x88);
}

// Word l of vector r becomes word r of vector l.
INLINE void transpose(const Words from[16], Words to[16]) {
  Words parts[16], halves[16];
  for (uint32_t i = 0; i < 16; i += 4) turn(from + i, parts + i);
  // Part p of parts[4i + w] is word 4p + w of vectors 4i … 4i + 3.
  for (uint32_t w = 0; w < 4; w++) {
    for (uint32_t upper = 0; upper < 2; upper++) {
      halves[4 * w + 2 * upper] = words_of_half(parts[w], parts[4 + w], upper);
      halves[4 * w + 2 * upper + 1] = words_of_half(parts[8 + w], parts[12 + w], upper);
    }
  }
  for (uint32_t w = 0; w < 4; w++) {
    to[w] = words_of_half(halves[4 * w], halves[4 * w + 1], false);
    to[8 + w] = words_of_half(halves[4 * w], halves[4 * w + 1], true);
    to[4 + w] = words_of_half(halves[4 * w + 2], halves[4 * w + 3], false);
    to[12 + w] = words_of_half(halves[4 * w + 2], halves[4 * w + 3], true);
  }
}

INLINE void pack_group(Format format, const Group rows[TILE_SIDE], char *panel) {
  uint32_t words = 8 / halves_of(format);
  Words from[16], to[16];
  for (uint32_t k = 0; k < 8; k++) {
    for (uint32_t o = 0; o < TILE_SIDE; o++) from[o] = rows[o].bytes[k];
    transpose(from, to);
    uint32_t half = k / words;
    for (uint32_t l = 0; l < BLOCKS; l++) {
      store_words(panel + (((uint64_t)half * BLOCKS + l) * words + k % words) * sizeof(Words), to[l]);
    }
  }
  panel += 8 * BLOCKS * sizeof(Words);
  for (uint32_t n = 0; n < halves_of(format) * (has_offset(format) ? 2 : 1); n++) {
    for (uint32_t o = 0; o < TILE_SIDE; o++) from[o] = (Words)rows[o].numbers[n];
    transpose(from, (Words *)panel + n * BLOCKS);
  }
}

INLINE void pack_rows(Format format, const Linear *op, uint32_t o, uint32_t count, char *panels) {
  uint32_t columns = op->x.columns, groups = groups_of(columns);
  for (uint32_t first = 0; first < count; first += TILE_SIDE) {
    for (uint32_t g = 0; g < groups; g++) {
      Group rows[TILE_SIDE];
      for (uint32_t i = 0; i < TILE_SIDE; i++) unpack_group(format, op, min_u32(o + first + i, op->y.columns - 1), g, rows + i);
      pack_group(format, rows, panel_group(format, panels, groups, first / TILE_SIDE, g));
    }
  }
}

// Compilers do not see what tile instructions read: all that was written before this is in memory after it.
INLINE void write_out(const void *memory) { __asm__ volatile("" : : "r"(memory) : "memory"); }

// The shapes of the registers: 0 holds sums, 1 activations, 2 weights.
typedef struct {
  uint8_t palette, start, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} TileShapes;

INLINE void shape_tiles(Format format) {
  TileShapes shapes = {.palette = 1};
  uint32_t words = 8 / halves_of(format);
  shapes.rows[0] = TILE_SIDE, shapes.row_bytes[0] = TILE_SIDE * 4;
  shapes.rows[1] = TILE_SIDE, shapes.row_bytes[1] = words * 4;
  shapes.rows[2] = words, shapes.row_bytes[2] = TILE_SIDE * 4;
  write_out(&shapes);
  _tile_loadconfig(&shapes);
}

// Adds block l, or its half, of a group to the sums of 16 rows of activations with 16 of weights.
INLINE void add_block(Format format, const QuantizedGroup *x, uint64_t x_stride, uint32_t rows, const char *panel,
                      uint32_t half, uint32_t l, Scales sums[TILE_SIDE]) {
  uint32_t halves = halves_of(format), block_words = 8 / halves;
  Sums products[TILE_SIDE];
  _tile_zero(0);
  _tile_loadd(1, (const char *)x->bytes + 32 * l + 16 * half, x_stride);
  _tile_loadd(2, panel + ((uint64_t)half * BLOCKS + l) * block_words * sizeof(Words), sizeof(Words));
  _tile_dpbsud(0, 1, 2);
  _tile_stored(0, products, sizeof *products);
  const Scales *numbers = (const Scales *)(panel + 8 * BLOCKS * sizeof(Words));
  Scales scale = numbers[half * BLOCKS + l];
  for (uint32_t r = 0; r < rows; r++, x = (const QuantizedGroup *)((const char *)x + x_stride)) {
    const OfSum *of_sum = of_half(x, half);
    Sums sum = products[r];
    if (zero_of(format)) sum += ((const int32_t *)&of_sum->start)[l];
    sums[r] = fused(to_floats(sum) * splat(((const float *)&x->scale)[l]), scale, sums[r]);
    if (has_offset(format)) {
      Scales offset = numbers[(halves + half) * BLOCKS + l];
      sums[r] = fused(splat(((const float *)&of_sum->drive)[l]), offset, sums[r]);
    }
  }
}

// Rows `row` to `row` + `rows` − 1 with a panel: outputs o to o + count − 1.
INLINE void multiply_panel(Format format, const Linear *op, char *panels, uint32_t panel, uint32_t row, uint32_t rows,
                           uint32_t o, uint32_t count) {
  uint32_t groups = groups_of(op->x.columns);
  uint64_t x_stride = STRETCH_GROUPS * quantized_bytes(format);
  Scales lanes[BLOCKS][TILE_SIDE];
  __builtin_memset(lanes, 0, sizeof lanes);
  for (uint32_t g = 0; g < groups; g++) {
    const QuantizedGroup *x = x_group(format, op, row, g);
    const char *weights = panel_group(format, panels, groups, panel, g);
    for (uint32_t l = 0; l < BLOCKS; l++) {
      for (uint32_t half = 0; half < halves_of(format); half++) {
        add_block(format, x, x_stride, rows, weights, half, l, lanes[l]);
      }
    }
  }
  // The upper half of the lanes is added to the lower until one is left, as `sums_of_lanes` does it.
  for (uint32_t left = BLOCKS / 2; left > 0; left /= 2) {
    for (uint32_t l = 0; l < left; l++) {
      for (uint32_t r = 0; r < rows; r++) lanes[l][r] += lanes[l + left][r];
    }
  }
  for (uint32_t r = 0; r < rows; r++) finish(op, row + r, o, count, lanes[0][r]);
}

INLINE void multiply_tiles(Format format, const Linear *op, Share outputs, uint32_t rows) {
  _Alignas(64) char panels[TILE_BYTES];
  uint32_t most = tile_rows(format, op->x.columns);
  shape_tiles(format);
  for (uint32_t o = outputs.first; o < outputs.end; o += most) {
    uint32_t count = min_u32(most, outputs.end - o);
    pack_rows(format, op, o, count, panels);
    write_out(panels);
    for (uint32_t row = 0; row < rows; row += TILE_SIDE) {
      for (uint32_t i = 0; i < count; i += TILE_SIDE) {
        multiply_panel(format, op, panels, i / TILE_SIDE, row, min_u32(TILE_SIDE, rows - row), o + i,
                       min_u32(TILE_SIDE, count - i));
      }
    }
  }
  _tile_release();
}
