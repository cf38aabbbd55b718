// Matrix products with a weight in q3_k.
#include "linear-integers.cuh"
#include "linear-tiled.cuh"

LINEAR_INTEGERS(q3_k, Q3K)
LINEAR_TILED(q3_k, IntegerTile<Q3K>, 1)
