// Matrix products with a weight in q5_1.
#include "linear-integers.cuh"
#include "linear-tiled.cuh"

LINEAR_INTEGERS(q5_1, Q5_1)
LINEAR_TILED(q5_1, IntegerTile<Q5_1>, 1)
