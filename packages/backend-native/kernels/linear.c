// `linear` for every stored format.
#include "linear-blocks.h"
#include "linear-floats.h"
#include "linear-many.h"

#if defined(__AMX_INT8__)
#include "linear-amx.h"
#define HAS_TILES true
#define multiply_many multiply_tiles
#else
#define HAS_TILES false
#endif

// Whether there are enough rows to unpack those of the weight once for all.
static bool is_many(Format format, const Linear *op) {
  return *op->rows >= MANY_ROWS && tile_rows(format, op->x.columns) > 0;
}

INLINE void multiply_blocks(Format format, const Linear *op, Share outputs) {
  if (is_many(format, op)) multiply_many(format, op, outputs, *op->rows);
  else multiply_rows(format, op, outputs, *op->rows);
}

// Each format's product is a function of its own, so that the format is a constant inside.
#define EACH_BLOCK_FORMAT(F) \
  F(Q8_0) F(Q4_0) F(Q4_1) F(Q5_0) F(Q5_1) F(Q2_K) F(Q3_K) F(Q4_K) F(Q5_K) F(Q6_K) F(IQ4_NL) F(MXFP4)

#define DEFINE(NAME) \
  NOINLINE void multiply_##NAME(const Linear *op, Share outputs) { multiply_blocks(NAME, op, outputs); }
EACH_BLOCK_FORMAT(DEFINE)
#undef DEFINE

NOINLINE void multiply_F32(const Linear *op, Share outputs) { multiply_numbers(F32, op, outputs); }
NOINLINE void multiply_F16(const Linear *op, Share outputs) { multiply_numbers(F16, op, outputs); }
NOINLINE void multiply_BF16(const Linear *op, Share outputs) { multiply_numbers(BF16, op, outputs); }

typedef struct {
  void (*multiply)(const Linear *op, Share outputs);
  uint32_t values;  // of a block
  uint32_t bytes;
} FormatKernel;

static FormatKernel kernel_of_format(uint32_t format) {
  switch (format) {
    case F32: return (FormatKernel){multiply_F32, 1, 4};
    case F16: return (FormatKernel){multiply_F16, 1, 2};
    case BF16: return (FormatKernel){multiply_BF16, 1, 2};
#define CASE(NAME) \
  case NAME: return (FormatKernel){multiply_##NAME, block_values(NAME), block_bytes(NAME)};
      EACH_BLOCK_FORMAT(CASE)
#undef CASE
    default: return (FormatKernel){0, 1, 0};
  }
}

// Bytes of weights in one chunk: few enough that a thread which is held up keeps the others waiting only
// briefly, and enough that memory is read in long runs.
#define CHUNK_BYTES (128 * 1024)
// Outputs of one chunk for many rows, where a chunk takes its time in any case; fewer where columns and rows are so
// few that there would be too few chunks.
#define CHUNK_OUTPUTS 64
#define CHUNK_PRODUCTS (128 * 1024)

static uint32_t whole_lanes(uint64_t outputs) { return outputs < 16 ? 16 : (uint32_t)(outputs / 16 * 16); }

static uint32_t outputs_per_chunk(const Linear *op) {
  FormatKernel kernel = kernel_of_format(op->weight.format);
  uint64_t row_bytes = (uint64_t)op->x.columns / kernel.values * kernel.bytes;
  if (*op->rows < MANY_ROWS) return whole_lanes(CHUNK_BYTES / (row_bytes + 1));
  return min_u32(CHUNK_OUTPUTS, whole_lanes(CHUNK_PRODUCTS / ((uint64_t)op->x.columns * *op->rows)));
}

// How many parts the preparation of a product has: none where x is multiplied as it is.
static uint32_t partsOfPrepareLinear(const void *arguments) {
  const Linear *op = arguments;
  if (op->weight.format > BF16) return *op->rows;
  if (*op->rows < MANY_FLOAT_ROWS) return 0;
  // Packing little is sooner done than shared.
  return *op->rows * op->x.columns < 32768 ? 1 : groups_of_rows(*op->rows);
}

// Quantizes a part of the rows of x, or packs a part of their groups.
static void prepareLinear(const void *arguments, uint32_t part, uint32_t parts) {
  const Linear *op = arguments;
  if (op->weight.format <= BF16) {
    Share groups = share_of(groups_of_rows(*op->rows), part, parts);
    for (uint32_t group = groups.first; group < groups.end; group++) pack_float_rows(op, group);
    return;
  }
  Arrangement arrangement = !is_many(op->weight.format, op) ? FOR_FEW : HAS_TILES ? FOR_TILES : FOR_MANY;
  Share rows = share_of(*op->rows, part, parts);
  for (uint32_t row = rows.first; row < rows.end; row++) {
    quantize_row(op->weight.format, arrangement, row_of(op->x, row), op->x.columns, op->workspace, *op->rows, row);
  }
}

// How many chunks a product has.
static uint32_t chunksOfLinear(const void *arguments) {
  const Linear *op = arguments;
  uint32_t outputs = outputs_per_chunk(op);
  return *op->rows == 0 ? 0 : (op->y.columns + outputs - 1) / outputs;
}

static void linearChunk(const void *arguments, uint32_t chunk, uint32_t chunks) {
  (void)chunks;
  const Linear *op = arguments;
  uint32_t outputs = outputs_per_chunk(op), first = chunk * outputs;
  Share share = {first, min_u32(first + outputs, op->y.columns)};
  kernel_of_format(op->weight.format).multiply(op, share);
}
