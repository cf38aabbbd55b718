// Matrix products with a weight in q5_0.
#include "linear-integers.cuh"
#include "linear-tiled.cuh"

LINEAR_INTEGERS(q5_0, Q5_0)
LINEAR_TILED(q5_0, IntegerTile<Q5_0>, 1)
