// What the relaxed dot product makes of bytes, for the host to compare with what it should: machines
// differ where a byte has its highest bit set, and one engine is known to be plainly wrong.
#include "dot.h"

#ifdef __wasm_relaxed_simd__
// sums[row] = seed + sum over j of weights[4 · row + j] · x[j], for four rows.
KERNEL void probe_dot(const int8_t *x, const uint8_t *weights, int32_t seed, int32_t *sums) {
  Sums start = {wasm_i32x4_splat(seed), wasm_i32x4_const_splat(0)};
  wasm_v128_store(sums, add_products(NARROW, start, wasm_v128_load(weights), wasm_v128_load32_splat(x)).first);
}
#endif
