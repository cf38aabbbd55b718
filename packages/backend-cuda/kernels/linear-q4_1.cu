// Matrix products with a weight in q4_1.
#include "linear-integers.cuh"
#include "linear-tiled.cuh"

LINEAR_INTEGERS(q4_1, Q4_1)
LINEAR_TILED(q4_1, IntegerTile<Q4_1>, 1)
