// Matrix products with a weight in q4_k.
#include "linear-integers.cuh"
#include "linear-tiled.cuh"

LINEAR_INTEGERS(q4_k, Q4K)
LINEAR_TILED(q4_k, IntegerTile<Q4K>, 1)
