// Whether an x64 processor, and its system, run kernels that are compiled for an instruction set.
#pragma once

#include <stdbool.h>

bool has_avx2(void);    // with FMA and F16C
bool has_avx512(void);  // with BW, VL, DQ and VNNI
bool has_amx(void);     // in whole numbers of 8 bits, and AVX-512
