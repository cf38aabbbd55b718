// Eight blocks, in C that any processor runs. It is there to be right where nothing faster is.
#pragma once

#define BLOCKS 8

// Products of so many outputs and rows fit the registers. From so many rows on unpacking into a tile pays; below, so
// many rows multiply what is unpacked in registers, and a stretch of a slab of so many stays in the first-level cache.
#define TILE_OUTPUTS 2
#define TILE_ROWS 2
#define MANY_ROWS 8
#define FEW_ROWS 1
#define SLAB_ROWS 8
#define STRETCH_VALUES 1024

typedef uint32_t Words __attribute__((vector_size(32)));
typedef int32_t Sums __attribute__((vector_size(32)));
typedef float Scales __attribute__((vector_size(32)));

typedef uint8_t Bytes __attribute__((vector_size(32)));
typedef int8_t SignedBytes __attribute__((vector_size(32)));

// 16 bytes each from at and at + inner.
INLINE Words load_parts(const uint8_t *at, uint32_t inner, uint32_t outer) {
  (void)outer;
  Words x;
  __builtin_memcpy(&x, at, 16);
  __builtin_memcpy((char *)&x + 16, at + inner, 16);
  return x;
}

INLINE Words load_words(const void *at) {
  Words x;
  __builtin_memcpy(&x, at, sizeof x);
  return x;
}
INLINE Words in_register(Words x) { return x; }
INLINE Words settled(Words x) { return x; }
INLINE Words xor_with(Words x, const Words *at) { return x ^ *at; }
INLINE void store_words(void *at, Words x) { __builtin_memcpy(at, &x, sizeof x); }

// Of each 128-bit part: a₀ b₀ a₁ b₁, a₂ b₂ a₃ b₃, a₀ a₁ b₀ b₁ and a₂ a₃ b₂ b₃.
INLINE Words low_words(Words a, Words b) { return (Words){a[0], b[0], a[1], b[1], a[4], b[4], a[5], b[5]}; }
INLINE Words high_words(Words a, Words b) { return (Words){a[2], b[2], a[3], b[3], a[6], b[6], a[7], b[7]}; }
INLINE Words low_pairs(Words a, Words b) { return (Words){a[0], a[1], b[0], b[1], a[4], a[5], b[4], b[5]}; }
INLINE Words high_pairs(Words a, Words b) { return (Words){a[2], a[3], b[2], b[3], a[6], a[7], b[6], b[7]}; }

// Of each 128-bit part: aₖ aₖ bₖ bₖ.
#define TWO_OF_EACH(a, b, k) \
  ((Words){(a)[k], (a)[k], (b)[k], (b)[k], (a)[4 + k], (a)[4 + k], (b)[4 + k], (b)[4 + k]})

// The table's byte at each byte's low four bits.
INLINE Words look_up(const uint8_t table[16], Words places) {
  Bytes at = (Bytes)places, found;
  for (uint32_t i = 0; i < 32; i++) found[i] = table[at[i] & 15];
  return (Words)found;
}

// The lowest four bits of each word become bit 4 of its four bytes.
INLINE Words fifth_bits(Words x) { return (((x & 15) * 0x00204081u) & 0x01010101u) << 4; }

// One word of each block.
INLINE Words gather_words(const uint8_t *at, uint32_t block_bytes) {
  Words x;
  for (uint32_t l = 0; l < BLOCKS; l++) __builtin_memcpy((uint32_t *)&x + l, at + l * block_bytes, 4);
  return x;
}

// The lower half of each word, an f16: see `widen_f16` in stored.h for how.
INLINE Scales widen_lower_halves(Words x) {
  Words bits = ((x & 0x7fff) << 13) | ((x & 0x8000) << 16);
  Words not_finite = (Words)((bits & 0x0f800000) == 0x0f800000);
  Scales value = (Scales)bits * 0x1p112f;
  return (Scales)((Words)value | (not_finite & 0x7f800000));
}

// An f16 of each block.
INLINE Scales gather_halves(const uint8_t *at, uint32_t block_bytes) {
  return widen_lower_halves(gather_words(at, block_bytes));
}

INLINE Scales widen_bytes(const uint8_t *at) {
  Scales x;
  for (uint32_t l = 0; l < BLOCKS; l++) x[l] = (float)at[l];
  return x;
}

INLINE Scales widen_signed_bytes(const int8_t *at) {
  Scales x;
  for (uint32_t l = 0; l < BLOCKS; l++) x[l] = (float)at[l];
  return x;
}

// Signed weights stay as they are: their signs are moved to activations, or those of activations to them.
#define SIGNED_ZERO 0

typedef Sums Partial;

// Bytes 0 and 2 of each word, then 1 and 3, in halves of 16 bits with their signs.
INLINE Partial add_products(Partial sum, Words weights, Words x, bool is_signed) {
  typedef int16_t Halves16 __attribute__((vector_size(32)));
  typedef uint16_t Unsigned16 __attribute__((vector_size(32)));
  Halves16 even = (Halves16)((Unsigned16)weights << 8), odd = (Halves16)weights;
  even = is_signed ? even >> 8 : (Halves16)((Unsigned16)even >> 8);
  odd = is_signed ? odd >> 8 : (Halves16)((Unsigned16)odd >> 8);
  Halves16 products = even * ((Halves16)((Unsigned16)x << 8) >> 8);
  Halves16 others = odd * ((Halves16)x >> 8);
  Sums a = (Sums)products, b = (Sums)others;
  return sum + ((Sums)((Words)a << 16) >> 16) + (a >> 16) + ((Sums)((Words)b << 16) >> 16) + (b >> 16);
}

INLINE uint32_t products_before_widening(uint32_t largest) { return largest ? 8 : 0; }
INLINE Sums widen_partial(Partial sum) { return sum; }

INLINE Scales to_floats(Sums x) { return __builtin_convertvector(x, Scales); }
INLINE Scales fused(Scales a, Scales b, Scales sum) { return sum + a * b; }

// The sum of the lanes of each of LANES vectors: the upper half is added to the lower until one is left.
INLINE Floats sums_of_lanes(const Scales x[LANES]) {
  Floats sums;
  for (uint32_t l = 0; l < LANES; l++) {
    float a = x[l][0] + x[l][4], b = x[l][1] + x[l][5], c = x[l][2] + x[l][6], d = x[l][3] + x[l][7];
    sums[l] = (a + c) + (b + d);
  }
  return sums;
}
