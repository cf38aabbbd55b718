// Matrix products with a weight in f16.
#include "linear-few-rows.cuh"
#include "linear-tiled.cuh"

using Tile = CopiedTile<F16, __half>;

LINEAR_FEW_ROWS(f16, F16)
LINEAR_TILED(f16, Tile, 1)
LINEAR_TILED(f16, Tile, 2)
