// Matrix products with a weight in bf16.
#include "linear-few-rows.cuh"
#include "linear-tiled.cuh"

using Tile = CopiedTile<Bf16, __nv_bfloat16>;

LINEAR_FEW_ROWS(bf16, Bf16)
LINEAR_TILED(bf16, Tile, 1)
LINEAR_TILED(bf16, Tile, 2)
