// Matrix products with a weight in iq4_nl.
#include "linear-integers.cuh"
#include "linear-tiled.cuh"

LINEAR_INTEGERS(iq4_nl, Iq4Nl)
LINEAR_TILED(iq4_nl, IntegerTile<Iq4Nl>, 1)
