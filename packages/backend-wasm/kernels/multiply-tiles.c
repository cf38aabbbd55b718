// Products with a weight in tiles.
//
//   y[r, o] = sum over tiles of scale[o] · scale[r] · (start[r] + sum over i of q[o, i] · q[r, i])
//                             + offset[o] · scaled_sum[r]
//
// The integers are exact and the tiles are added in order, so that a row's result depends neither on the rows
// beside it nor on which way was taken.
#include "panel-tiles.h"
#include "stream-tiles.h"

uint32_t dot_range;

KERNEL void set_dot_range(uint32_t range) { dot_range = range; }

// Everything with its constants filled in. Each is a function of its own: engines compile those of moderate size
// best.
typedef void OneRow(const Held *weight, const Activations *x, float *y);
typedef void Unpack(const uint8_t *tile, uint32_t blocks, v128_t *to);
typedef void PanelRows(const v128_t *panel, const Held *weight, uint32_t row, const Activations *x, float *y,
                       uint32_t stride);

typedef struct {
  PanelRows *one, *two, *four;  // the last is null for WIDE
} Panel;

typedef struct {
  OneRow *one_row;
  Unpack *unpack;
  const Panel *panel;
} TileKernels;

#define PANEL_ROWS_OF(name, count, dot, ...)                                                              \
  static void name##_##count(const v128_t *panel, const Held *weight, uint32_t row, const Activations *x, \
                             float *y, uint32_t stride) {                                                 \
    panel_rows((PanelKind){__VA_ARGS__}, dot, count, panel, weight, row, x, y, stride);                   \
  }

#define PANEL(name, dot, ...)              \
  PANEL_ROWS_OF(name, 1, dot, __VA_ARGS__) \
  PANEL_ROWS_OF(name, 2, dot, __VA_ARGS__) \
  PANEL_ROWS_OF(name, 4, dot, __VA_ARGS__) \
  static const Panel name = {name##_1, name##_2, name##_4};

#define WIDE_PANEL(name, ...)               \
  PANEL_ROWS_OF(name, 1, WIDE, __VA_ARGS__) \
  PANEL_ROWS_OF(name, 2, WIDE, __VA_ARGS__) \
  static const Panel name = {name##_1, name##_2, 0};

#define TILE_KERNELS(name, format, dot, panel_kernels)                                                  \
  static void name##_one_row(const Held *weight, const Activations *x, float *y) {                      \
    one_row(format, dot, weight, x, y);                                                                 \
  }                                                                                                     \
  static void name##_unpack(const uint8_t *tile, uint32_t blocks, v128_t *to) {                         \
    unpack(format, dot, tile, blocks, to);                                                              \
  }                                                                                                     \
  static const TileKernels name = {name##_one_row, name##_unpack, &panel_kernels};

// The formats of at most six bits, by one dot product, each with the panel of what its values are at most.
#define UNSIGNED_KERNELS(prefix, dot)                                 \
  TILE_KERNELS(prefix##q4_0, Q4_0, dot, prefix##panel_of_4)           \
  TILE_KERNELS(prefix##q4_1, Q4_1, dot, prefix##offset_panel_of_4)    \
  TILE_KERNELS(prefix##q5_0, Q5_0, dot, prefix##panel_of_5)           \
  TILE_KERNELS(prefix##q5_1, Q5_1, dot, prefix##offset_panel_of_5)    \
  TILE_KERNELS(prefix##q2_k, Q2_K, dot, prefix##offset_parts_panel)   \
  TILE_KERNELS(prefix##q3_k, Q3_K, dot, prefix##parts_panel)          \
  TILE_KERNELS(prefix##q4_k, Q4_K, dot, prefix##offset_panel_of_4)    \
  TILE_KERNELS(prefix##q5_k, Q5_K, dot, prefix##offset_panel_of_5)    \
  TILE_KERNELS(prefix##q6_k, Q6_K, dot, prefix##parts_panel)          \
  TILE_KERNELS(prefix##mxfp4, MXFP4, dot, prefix##panel_of_5)

#ifdef __wasm_relaxed_simd__
PANEL(narrow_panel, NARROW, 1, false, 0)
PANEL(narrow_offset_panel, NARROW, 1, true, 0)
PANEL(narrow_parts_panel, NARROW, 2, false, 0)
PANEL(narrow_offset_parts_panel, NARROW, 2, true, 0)
#define narrow_panel_of_4 narrow_panel
#define narrow_panel_of_5 narrow_panel
#define narrow_offset_panel_of_4 narrow_offset_panel
#define narrow_offset_panel_of_5 narrow_offset_panel
UNSIGNED_KERNELS(narrow_, NARROW)
TILE_KERNELS(narrow_q8_0, Q8_0, NARROW, narrow_panel)
TILE_KERNELS(narrow_iq4_nl, IQ4_NL, NARROW, narrow_panel)

PANEL(other_panel_of_4, PAIRS, 1, false, 15)
PANEL(other_panel_of_5, PAIRS, 1, false, 31)
PANEL(other_offset_panel_of_4, PAIRS, 1, true, 15)
PANEL(other_offset_panel_of_5, PAIRS, 1, true, 31)
PANEL(other_parts_panel, PAIRS, 2, false, 63)
PANEL(other_offset_parts_panel, PAIRS, 2, true, 15)
UNSIGNED_KERNELS(other_, PAIRS)
PANEL(signed_panel, WIDENED, 1, false, 0)
TILE_KERNELS(other_q8_0, Q8_0, WIDENED, signed_panel)
TILE_KERNELS(other_iq4_nl, IQ4_NL, WIDENED, signed_panel)
#else
WIDE_PANEL(wide_panel, 1, false, 0)
WIDE_PANEL(wide_offset_panel, 1, true, 0)
WIDE_PANEL(other_parts_panel, 2, false, 0)
WIDE_PANEL(other_offset_parts_panel, 2, true, 0)
#define other_panel_of_4 wide_panel
#define other_panel_of_5 wide_panel
#define other_offset_panel_of_4 wide_offset_panel
#define other_offset_panel_of_5 wide_offset_panel
UNSIGNED_KERNELS(other_, WIDE)
TILE_KERNELS(other_q8_0, Q8_0, WIDE, wide_panel)
TILE_KERNELS(other_iq4_nl, IQ4_NL, WIDE, wide_panel)
#endif

static const TileKernels *kernels_of(Format format) {
  switch (format) {
#ifdef __wasm_relaxed_simd__
#define CASE(FORMAT, name) case FORMAT: return has_narrow() ? &narrow_##name : &other_##name;
#else
#define CASE(FORMAT, name) case FORMAT: return &other_##name;
#endif
    CASE(Q4_0, q4_0) CASE(Q4_1, q4_1) CASE(Q5_0, q5_0) CASE(Q5_1, q5_1) CASE(Q2_K, q2_k) CASE(Q3_K, q3_k)
    CASE(Q4_K, q4_k) CASE(Q5_K, q5_k) CASE(Q6_K, q6_k) CASE(IQ4_NL, iq4_nl) CASE(MXFP4, mxfp4)
    default: CASE(Q8_0, q8_0)
  }
}

void multiply_tiles(const Held *weight, Rows x, float *y, uint32_t stride, void *panel) {
  const TileKernels *kernels = kernels_of(weight->format);
  const Activations *rows = x.data;
  if (x.rows == 1) return kernels->one_row(weight, rows, y);
  uint32_t blocks = weight->columns / TILE_COLUMNS;
  uint32_t row_bytes = blocks * tile_bytes(layout_of(weight->format));
  const Panel *run = kernels->panel;
  bool widened = is_widened(layout_of(weight->format));
  for (uint32_t i = 0; i < tile_rows_of(weight->rows); i++) {
    uint32_t first = TILE_ROWS * i;
    kernels->unpack((const uint8_t *)weight->data + i * row_bytes, blocks, panel);
    for (uint32_t r = 0, count; r < x.rows; r += count) {
      uint32_t rest = x.rows - r;
      count = rest >= 4 && run->four ? 4 : rest >= 2 ? 2 : 1;
      PanelRows *multiply = count == 4 ? run->four : count == 2 ? run->two : run->one;
      multiply(panel, weight, first, activations_after(rows, widened, r * blocks), y + r * stride, stride);
    }
  }
}
