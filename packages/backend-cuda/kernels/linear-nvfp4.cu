// Matrix products with a weight in nvfp4.
#include "linear-integers.cuh"
#include "linear-tiled.cuh"

LINEAR_INTEGERS(nvfp4, Nvfp4)
LINEAR_TILED(nvfp4, IntegerTile<Nvfp4>, 1)
