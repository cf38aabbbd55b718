#include "activations.h"

// 16 values times `inverse`, rounded to the nearest whole number.
INLINE v128_t round_16(const float *x, v128_t inverse) {
  v128_t q[4];
#pragma unroll
  for (uint32_t i = 0; i < 4; i++) {
    v128_t scaled = wasm_f32x4_mul(wasm_v128_load(x + 4 * i), inverse);
    q[i] = wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_nearest(scaled));
  }
  return wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(q[0], q[1]), wasm_i16x8_narrow_i32x4(q[2], q[3]));
}

INLINE int32_t sum_16(v128_t q) {
  v128_t fours = wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_extadd_pairwise_i8x16(q));
  return wasm_i32x4_extract_lane(fours, 0) + wasm_i32x4_extract_lane(fours, 1) +
         wasm_i32x4_extract_lane(fours, 2) + wasm_i32x4_extract_lane(fours, 3);
}

INLINE float largest_magnitude(const float *x) {
  v128_t largest = wasm_f32x4_abs(wasm_v128_load(x));
#pragma unroll
  for (uint32_t i = 4; i < 32; i += 4) {
    largest = wasm_f32x4_max(largest, wasm_f32x4_abs(wasm_v128_load(x + i)));
  }
  largest = wasm_f32x4_max(largest, wasm_i32x4_shuffle(largest, largest, 2, 3, 0, 1));
  largest = wasm_f32x4_max(largest, wasm_i32x4_shuffle(largest, largest, 1, 0, 3, 2));
  return wasm_f32x4_extract_lane(largest, 0);
}

static void quantize_block(Layout layout, int32_t zero, const float *x, Activations *to) {
  float largest = largest_magnitude(x);
  v128_t inverse = wasm_f32x4_splat(largest == 0 ? 0 : 127 / largest);
  v128_t q[] = {round_16(x, inverse), round_16(x + 16, inverse)};
  wasm_v128_store(to->q, q[0]);
  wasm_v128_store(to->q + 16, q[1]);
  to->scale = largest / 127;
  int32_t sums[] = {sum_16(q[0]), sum_16(q[1])};
  if (layout.parts == 1) sums[0] += sums[1];
  for (uint32_t part = 0; part < 2; part++) {
    if (layout.has_offset) to->parts[part].scaled_sum = to->scale * (float)sums[part];
    else to->parts[part].start = -zero * sums[part];
  }
}

void quantize_row(Layout layout, int32_t zero, const float *x, uint32_t columns, Activations *to) {
  for (uint32_t i = 0; i < columns; i += 32) quantize_block(layout, zero, x + i, to++);
}
