// Matrix products with a weight in fp8_e4m3.
#include "linear-few-rows.cuh"
#include "linear-tiled.cuh"

LINEAR_FEW_ROWS(fp8_e4m3, Fp8E4M3)
LINEAR_TILED(fp8_e4m3, Fp8Tile, 1)
