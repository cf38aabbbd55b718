#include "instruction-set.h"

#include <string.h>

extern const InstructionSet kernels_baseline;

#if defined(__x86_64__)

#include "processor-x64.h"

extern const InstructionSet kernels_avx2, kernels_avx512, kernels_amx;

static const struct { const InstructionSet *set; bool (*is_there)(void); } candidates[] = {
#if defined(COMPILED_FOR_AMX)
    {&kernels_amx, has_amx},
#endif
#if defined(COMPILED_FOR_AVX512)
    {&kernels_avx512, has_avx512},
#endif
#if defined(COMPILED_FOR_AVX2)
    {&kernels_avx2, has_avx2},
#endif
    {&kernels_baseline, 0},
};

#else

static const struct { const InstructionSet *set; bool (*is_there)(void); } candidates[] = {{&kernels_baseline, 0}};

#endif

#define CANDIDATES (sizeof candidates / sizeof *candidates)

static bool is_there(uint32_t index) { return !candidates[index].is_there || candidates[index].is_there(); }

const InstructionSet *find_instruction_set(const char *name) {
  for (uint32_t i = 0; i < CANDIDATES; i++) {
    if ((!name || strcmp(name, candidates[i].set->name) == 0) && is_there(i)) return candidates[i].set;
  }
  return 0;
}

uint32_t list_instruction_sets(const char *names[], uint32_t most) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < CANDIDATES && count < most; i++) {
    if (is_there(i)) names[count++] = candidates[i].set->name;
  }
  return count;
}
