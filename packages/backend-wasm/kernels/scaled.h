// What becomes of sums of whole numbers: their scales, offsets and place in y.
#pragma once

#include "dot.h"
#include "multiply.h"

// sum + a · b, rounded as this engine does it, always the same way.
INLINE v128_t multiply_add4(v128_t sum, v128_t a, v128_t b) {
#ifdef __wasm_relaxed_simd__
  return wasm_f32x4_relaxed_madd(a, b, sum);
#else
  return wasm_f32x4_add(sum, wasm_f32x4_mul(a, b));
#endif
}

// What the sum of a part is to start from, where the layout has no offsets.
INLINE v128_t start_of(const Activations *x, uint32_t part) {
  return wasm_v128_load32_splat(&x->parts[part].start);
}

// y + scale · scale[r] · total + offset · scaled_sum, for the four rows of a half. `offsets` counts if there are.
INLINE v128_t scaled(bool has_offset, v128_t total, v128_t scales, v128_t offsets, const Activations *x, uint32_t part,
                     v128_t y) {
  if (!has_offset) total = wasm_i32x4_add(total, start_of(x, part));
  v128_t both = wasm_f32x4_mul(scales, wasm_v128_load32_splat(&x->scale));
  y = multiply_add4(y, wasm_f32x4_convert_i32x4(total), both);
  return has_offset ? multiply_add4(y, offsets, wasm_v128_load32_splat(&x->parts[part].scaled_sum)) : y;
}

// The last rows of a weight may not fill a tile.
INLINE void store_rows(float *y, uint32_t rows, v128_t first, v128_t second) {
  if (rows >= TILE_ROWS) {
    wasm_v128_store(y, first);
    wasm_v128_store(y + 4, second);
    return;
  }
  float values[TILE_ROWS];
  wasm_v128_store(values, first);
  wasm_v128_store(values + 4, second);
  for (uint32_t row = 0; row < rows; row++) y[row] = values[row];
}
