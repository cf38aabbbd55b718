// Stands for the file of this name: a processor that has what is emulated, and whose own instruction sets are tested
// without that.
#include "processor-x64.h"

bool has_avx2(void) { return false; }
bool has_avx512(void) { return true; }
bool has_amx(void) { return true; }
