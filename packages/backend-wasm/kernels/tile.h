// Weights of block formats as the matrix product reads them: tiles of 8 rows by 32 columns.
//
// Four bytes of a row, below them four of the next, and so on for four rows, are a vector: lane l of a sum
// of products then belongs to row l, and nothing has to be added across lanes. Eight such vectors are 32
// columns of four rows, a half of a tile. A value is an integer q of 4, 5, 6 or 8 bits; what stands for
// zero is subtracted once from a sum, not from each value:
//
//   sum over i of weight[i] · x[i] = scale · (sum over i of q[i] · x[i] − zero · sum over i of x[i])
//                                  + offset · sum over i of x[i]
//
//   bytes of a tile, in this order
//   16    scale of each row, f16 (bf16 in mxfp4)
//   16    offset of each row, f16, in formats that have one
//   8     for each part of a row: what multiplies the scale, i8, in formats whose parts have scales
//   8     for each part of a row: what multiplies the offset, i8, in those of them that have offsets
//   128   low four bits: vector j of a half has columns 4j … 4j + 3 in its bytes' low halves, and columns
//         16 + 4j … in their high halves; or 256 whole bytes, vector g of a half with columns 4g … 4g + 3
//   32    fifth bits: bit g of byte i of a half belongs to byte i of its vector g; or
//   64    fifth and sixth bits: bits 2g and 2g + 1 of byte i of the first vector of a half belong to byte i
//         of its vector g, those of the second vector to its vector 4 + g
//
// The values are those of the file bit for bit: nothing is rounded on the way.
#pragma once

#include <wasm_simd128.h>

#include "kernel.h"

#define TILE_ROWS 8
#define TILE_COLUMNS 32

typedef enum { NO_TABLE, NON_LINEAR, E2M1 } Table;

typedef struct {
  uint32_t bits;
  int32_t zero;
  uint32_t parts;  // of 32 columns that have scales of their own: 1, or 2 of 16
  bool has_part_scales;
  bool has_offset;
  Table table;     // that four bits index
} Layout;

// A constant wherever the format is one.
INLINE Layout layout_of(Format format) {
  switch (format) {
    case Q4_0: return (Layout){4, 8, 1, false, false, NO_TABLE};
    case Q4_1: return (Layout){4, 0, 1, false, true, NO_TABLE};
    case Q5_0: return (Layout){5, 16, 1, false, false, NO_TABLE};
    case Q5_1: return (Layout){5, 0, 1, false, true, NO_TABLE};
    case Q2_K: return (Layout){4, 0, 2, true, true, NO_TABLE};
    case Q3_K: return (Layout){4, 4, 2, true, false, NO_TABLE};
    case Q4_K: return (Layout){4, 0, 1, true, true, NO_TABLE};
    case Q5_K: return (Layout){5, 0, 1, true, true, NO_TABLE};
    case Q6_K: return (Layout){6, 32, 2, true, false, NO_TABLE};
    case IQ4_NL: return (Layout){4, 0, 1, false, false, NON_LINEAR};
    case MXFP4: return (Layout){4, 12, 1, false, false, E2M1};
    default: return (Layout){8, 0, 1, false, false, NO_TABLE};  // Q8_0
  }
}

INLINE bool is_block_format(Format format) { return format >= Q8_0; }

// Whether values are signed and need all of 8 bits, rather than 0 to 63.
INLINE bool is_signed(Layout l) { return l.bits == 8 || l.table == NON_LINEAR; }

// Of an unsigned layout, what its bytes are at most.
INLINE uint32_t largest_of(Layout l) { return l.table == E2M1 ? 24 : (1 << l.bits) - 1; }

INLINE uint32_t offsets_at(void) { return 16; }
INLINE uint32_t part_scales_at(Layout l) { return l.has_offset ? 32 : 16; }
INLINE uint32_t part_offsets_at(Layout l) { return part_scales_at(l) + 8 * l.parts; }
INLINE uint32_t values_at(Layout l) {
  return part_scales_at(l) + (l.has_part_scales ? 8 * l.parts * (l.has_offset ? 2 : 1) : 0);
}
INLINE uint32_t high_bits_at(Layout l) { return values_at(l) + 128; }
INLINE uint32_t tile_bytes(Layout l) {
  return values_at(l) + (l.bits == 8 ? 256 : 128 + 32 * (l.bits - 4));
}

INLINE uint32_t tile_rows_of(uint32_t rows) { return (rows + TILE_ROWS - 1) / TILE_ROWS; }

// Twice the e2m1 values, so that they are whole, and 12, so that none is negative. Scales are halved.
static const uint8_t e2m1_values[16] = {12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0};
static const int8_t non_linear_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                             1,    13,   25,  38,  53,  69,  89,  113};

// Columns 4 · group … + 3 of the four rows of a half. Everything but `tile` is a constant.
INLINE v128_t values_of(Layout l, const uint8_t *tile, uint32_t half, uint32_t group) {
  if (l.bits == 8) return wasm_v128_load(tile + values_at(l) + 128 * half + 16 * group);
  v128_t both = wasm_v128_load(tile + values_at(l) + 64 * half + 16 * (group & 3));
  // x86 shifts lanes of 16 bits, not bytes; what comes in from the neighbour is masked away.
  v128_t low = wasm_v128_and(group < 4 ? both : wasm_u16x8_shr(both, 4), wasm_i8x16_const_splat(15));
  if (l.table == NON_LINEAR) return wasm_i8x16_swizzle(wasm_v128_load(non_linear_values), low);
  if (l.table == E2M1) return wasm_i8x16_swizzle(wasm_v128_load(e2m1_values), low);
  if (l.bits == 4) return low;
  uint32_t vector = l.bits == 5 ? half : 2 * half + (group >> 2);
  v128_t bits = wasm_v128_load(tile + high_bits_at(l) + 16 * vector);
  v128_t mask = l.bits == 5 ? wasm_i8x16_const_splat(0x10) : wasm_i8x16_const_splat(0x30);
  int32_t shift = 4 - (int32_t)(l.bits == 5 ? group : 2 * (group & 3));
  v128_t placed = shift >= 0 ? wasm_i16x8_shl(bits, shift) : wasm_u16x8_shr(bits, -shift);
  return wasm_v128_or(low, wasm_v128_and(placed, mask));
}

// Four halves of 16 bits as f32. Scales are finite.
INLINE v128_t widen_scales(bool is_bf16, const uint8_t *from) {
  v128_t halves = wasm_i32x4_load16x4(from);
  if (is_bf16) return wasm_i32x4_shl(halves, 16);
  v128_t bits = wasm_v128_and(wasm_i32x4_shl(halves, 13), wasm_i32x4_const_splat((int)0x8fffe000));
  return wasm_f32x4_mul(bits, wasm_f32x4_const_splat(0x1p112f));
}

INLINE v128_t widen_bytes(const uint8_t *from) {
  v128_t words = wasm_i16x8_extend_low_i8x16(wasm_v128_load32_zero(from));
  return wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(words));
}

// The scales of a part of the four rows of a half; exact, as 11 bits times 8.
INLINE v128_t scales_of(Layout l, const uint8_t *tile, uint32_t half, uint32_t part) {
  v128_t scales = widen_scales(l.table == E2M1, tile + 8 * half);
  if (!l.has_part_scales) return scales;
  return wasm_f32x4_mul(scales, widen_bytes(tile + part_scales_at(l) + 8 * part + 4 * half));
}

// Likewise their offsets.
INLINE v128_t offsets_of(Layout l, const uint8_t *tile, uint32_t half, uint32_t part) {
  v128_t offsets = widen_scales(false, tile + offsets_at() + 8 * half);
  if (!l.has_part_scales) return offsets;
  return wasm_f32x4_mul(offsets, widen_bytes(tile + part_offsets_at(l) + 8 * part + 4 * half));
}
