// Matrix products with a weight in q4_0.
#include "linear-integers.cuh"
#include "linear-tiled.cuh"

LINEAR_INTEGERS(q4_0, Q4_0)
LINEAR_TILED(q4_0, IntegerTile<Q4_0>, 1)
