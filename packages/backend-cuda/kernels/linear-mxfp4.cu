// Matrix products with a weight in mxfp4.
#include "linear-integers.cuh"
#include "linear-tiled.cuh"

LINEAR_INTEGERS(mxfp4, Mxfp4)
LINEAR_TILED(mxfp4, IntegerTile<Mxfp4>, 1)
