// Matrix products with a weight in q8_0.
#include "linear-integers.cuh"
#include "linear-tiled.cuh"

LINEAR_INTEGERS(q8_0, Q8_0)
LINEAR_TILED(q8_0, IntegerTile<Q8_0>, 1)
