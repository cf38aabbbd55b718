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

INLINE void store_16(v128_t q, bool is_widened, uint32_t at, Activations *to) {
  if (is_widened) {
    wasm_v128_store(to->q.widened + at, wasm_i16x8_extend_low_i8x16(q));
    wasm_v128_store(to->q.widened + at + 8, wasm_i16x8_extend_high_i8x16(q));
  } else {
    wasm_v128_store(to->q.bytes + at, q);
  }
}

static void quantize_block(Layout layout, bool is_widened, int32_t zero, const float *x, Activations *to) {
  float largest = largest_magnitude(x);
  v128_t inverse = wasm_f32x4_splat(largest == 0 ? 0 : 127 / largest);
  v128_t q[] = {round_16(x, inverse), round_16(x + 16, inverse)};
  store_16(q[0], is_widened, 0, to);
  store_16(q[1], is_widened, 16, to);
  to->scale = largest / 127;
  int32_t sums[] = {sum_16(q[0]), sum_16(q[1])};
  if (layout.parts == 1) sums[0] += sums[1];
  for (uint32_t part = 0; part < 2; part++) {
    if (layout.has_offset) to->parts[part].scaled_sum = to->scale * (float)sums[part];
    else to->parts[part].start = -zero * sums[part];
  }
}

void quantize_row(Layout layout, bool is_widened, int32_t zero, const float *x, uint32_t columns, void *to) {
  for (uint32_t block = 0; 32 * block < columns; block++) {
    Activations *at = (Activations *)((char *)to + block * activation_bytes(is_widened));
    quantize_block(layout, is_widened, zero, x + 32 * block, at);
  }
}
