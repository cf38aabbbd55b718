#include "instruction-set.h"

#include <string.h>

extern const InstructionSet kernels_baseline;

#if defined(__x86_64__)

extern const InstructionSet kernels_avx2, kernels_avx512;

static bool has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

static bool has_avx512(void) {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni");
}

static const struct { const InstructionSet *set; bool (*is_there)(void); } candidates[] = {
    {&kernels_avx512, has_avx512},
    {&kernels_avx2, has_avx2},
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

bool enter_instruction_set(const InstructionSet *set) {
  (void)set;
  return true;
}
