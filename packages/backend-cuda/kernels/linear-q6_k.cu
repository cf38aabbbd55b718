// Matrix products with a weight in q6_k.
#include "linear-integers.cuh"
#include "linear-tiled.cuh"

LINEAR_INTEGERS(q6_k, Q6K)
LINEAR_TILED(q6_k, IntegerTile<Q6K>, 1)
