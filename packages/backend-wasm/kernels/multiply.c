#include "multiply.h"

#include "dot.h"
#include "stored.h"

uint32_t prepared_bytes(const Held *weight) {
  if (!is_block_format(weight->format)) return 4 * padded_columns(weight->columns);
  return weight->columns / TILE_COLUMNS * activation_bytes(is_widened(layout_of(weight->format)));
}

void prepare(const Held *weight, const float *x, void *to) {
  Layout layout = layout_of(weight->format);
  if (is_block_format(weight->format)) quantize_row(layout, is_widened(layout), zero_of(layout), x, weight->columns, to);
  else __builtin_memcpy(to, x, 4 * weight->columns);
}

Held rows_from(const Held *weight, uint32_t first, uint32_t count) {
  uint32_t bytes = weight->columns * bytes_of(weight->format);
  if (is_block_format(weight->format)) {
    bytes = weight->columns / TILE_COLUMNS * tile_bytes(layout_of(weight->format)) / TILE_ROWS;
  }
  return (Held){(const char *)weight->data + first * bytes, weight->format, count, weight->columns};
}

void multiply_rows(const Held *weight, Rows x, float *y, uint32_t stride, void *panel) {
  if (is_block_format(weight->format)) multiply_tiles(weight, x, y, stride, panel);
  else multiply_numbers(weight, x, y, stride, panel);
}

// For the host: `count` prepared rows, one after the other. They are packed after the panel.
KERNEL void multiply(const Held *weight, const void *x, uint32_t count, float *y, uint32_t stride, void *panel) {
  Rows rows = {x, count, prepared_bytes(weight)};
  if (is_packed(weight, count)) {
    char *packed = (char *)panel + panel_bytes(weight);
    pack_rows(weight, rows, 0, 1, packed);
    rows.data = packed;
  }
  multiply_rows(weight, rows, y, stride, panel);
}

// A value of a tile, as in its file.
INLINE void widen_tile_row(const Held *weight, uint32_t row, float *to) {
  Layout l = layout_of(weight->format);
  uint32_t blocks = weight->columns / TILE_COLUMNS, half = row % TILE_ROWS / 4, lane = row % 4;
  const uint8_t *tile = (const uint8_t *)weight->data + row / TILE_ROWS * blocks * tile_bytes(l);
  for (uint32_t b = 0; b < blocks; b++, tile += tile_bytes(l)) {
    for (uint32_t group = 0; group < 8; group++) {
      uint32_t part = l.parts == 2 ? group / 4 : 0;
      float scales[4], offsets[4] = {0, 0, 0, 0};
      uint8_t values[16];
      wasm_v128_store(values, values_of(l, tile, half, group));
      wasm_v128_store(scales, scales_of(l, tile, half, part));
      if (l.has_offset) wasm_v128_store(offsets, offsets_of(l, tile, half, part));
      for (uint32_t k = 0; k < 4; k++) {
        uint8_t byte = values[4 * lane + k];
        int32_t q = is_signed(l) ? (int8_t)byte : byte - l.zero;
        *to++ = scales[lane] * (float)q + offsets[lane];
      }
    }
  }
}

// One row of a weight as f32.
KERNEL void widen_row(const Held *weight, uint32_t row, float *to) {
  uint64_t row_bytes = (uint64_t)weight->columns * bytes_of(weight->format);
  if (is_block_format(weight->format)) widen_tile_row(weight, row, to);
  else widen((const char *)weight->data + row * row_bytes, to, weight->columns, weight->format);
}
