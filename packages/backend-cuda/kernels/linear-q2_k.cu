// Matrix products with a weight in q2_k.
#include "linear-integers.cuh"
#include "linear-tiled.cuh"

LINEAR_INTEGERS(q2_k, Q2K)
LINEAR_TILED(q2_k, IntegerTile<Q2K>, 1)
