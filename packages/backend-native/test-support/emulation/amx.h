// The tile instructions of AMX that the kernels use, as Intel's "Architecture Instruction Set Extensions Programming
// Reference" has them. What a processor would not run, as shapes that do not fit each other, ends the process.
#pragma once

#include <stdbool.h>

#include "avx512.h"

#define __AMX_INT8__ 1

#define TILES 8
#define TILE_ROWS_AT_MOST 16
#define TILE_ROW_BYTES_AT_MOST 64

// Each thread has its own, as each has a processor's registers.
static _Thread_local struct {
  uint8_t palette;  // 0: tiles are not in use
  uint8_t rows[TILES];
  uint16_t row_bytes[TILES];
  uint8_t bytes[TILES][TILE_ROWS_AT_MOST][TILE_ROW_BYTES_AT_MOST];
} tiles;

static void require(bool holds) {
  if (!holds) __builtin_trap();
}

static void require_tile(int tile) { require(tiles.palette == 1 && tiles.rows[tile] > 0 && tiles.row_bytes[tile] > 0); }

// 64 bytes: palette, row to start with, 14 reserved; bytes of a row of each tile, 16 bits each, at 16; rows at 48.
static void emulated_tile_loadconfig(const void *at) {
  const uint8_t *config = at;
  __builtin_memset(&tiles, 0, sizeof tiles);
  tiles.palette = config[0];
  require(tiles.palette == 1);
  for (int i = 1; i < 16; i++) require(config[i] == 0);
  for (int t = 0; t < TILES; t++) {
    __builtin_memcpy(&tiles.row_bytes[t], config + 16 + 2 * t, 2);
    tiles.rows[t] = config[48 + t];
    require(tiles.rows[t] <= TILE_ROWS_AT_MOST && tiles.row_bytes[t] <= TILE_ROW_BYTES_AT_MOST);
  }
}

static void emulated_tile_release(void) { __builtin_memset(&tiles, 0, sizeof tiles); }

static void emulated_tile_zero(int tile) {
  require_tile(tile);
  __builtin_memset(tiles.bytes[tile], 0, sizeof tiles.bytes[tile]);
}

static void emulated_tile_loadd(int tile, const void *at, uint64_t stride) {
  emulated_tile_zero(tile);
  for (int r = 0; r < tiles.rows[tile]; r++) {
    __builtin_memcpy(tiles.bytes[tile][r], (const char *)at + r * stride, tiles.row_bytes[tile]);
  }
}

static void emulated_tile_stored(int tile, void *at, uint64_t stride) {
  require_tile(tile);
  for (int r = 0; r < tiles.rows[tile]; r++) {
    __builtin_memcpy((char *)at + r * stride, tiles.bytes[tile][r], tiles.row_bytes[tile]);
  }
}

// Word n of row m of `sum` gets the products of the bytes of word k of row m of `a`, with sign, and of word n of row k of
// `b`, without, for every k.
static void emulated_tile_dpbsud(int sum, int a, int b) {
  require_tile(sum), require_tile(a), require_tile(b);
  require(sum != a && a != b && b != sum);
  require(tiles.rows[sum] == tiles.rows[a] && tiles.row_bytes[a] == 4 * tiles.rows[b]);
  require(tiles.row_bytes[sum] == tiles.row_bytes[b] && tiles.row_bytes[sum] % 4 == 0);
  for (int m = 0; m < tiles.rows[sum]; m++) {
    int32_t words[TILE_ROW_BYTES_AT_MOST / 4];
    __builtin_memcpy(words, tiles.bytes[sum][m], sizeof words);
    for (int k = 0; k < tiles.rows[b]; k++) {
      for (int i = 0; i < tiles.row_bytes[sum]; i++) {
        words[i / 4] += (int8_t)tiles.bytes[a][m][4 * k + i % 4] * tiles.bytes[b][k][i];
      }
    }
    __builtin_memcpy(tiles.bytes[sum][m], words, sizeof words);
  }
}

#undef _tile_loadconfig
#undef _tile_release
#undef _tile_zero
#undef _tile_loadd
#undef _tile_stored
#undef _tile_dpbsud
#define _tile_loadconfig emulated_tile_loadconfig
#define _tile_release emulated_tile_release
#define _tile_zero emulated_tile_zero
#define _tile_loadd emulated_tile_loadd
#define _tile_stored emulated_tile_stored
#define _tile_dpbsud emulated_tile_dpbsud
