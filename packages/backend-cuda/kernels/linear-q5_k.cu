// Matrix products with a weight in q5_k.
#include "linear-integers.cuh"
#include "linear-tiled.cuh"

LINEAR_INTEGERS(q5_k, Q5K)
LINEAR_TILED(q5_k, IntegerTile<Q5K>, 1)
