// What an x64 processor and its system have. Empty for other processors.
#if defined(__x86_64__)
#define _GNU_SOURCE

#include "processor-x64.h"

#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

bool has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

bool has_avx512(void) {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni");
}

// Bits of leaf 7, and of the states that the system keeps when it changes threads.
#define AMX_TILE (1u << 24)
#define AMX_INT8 (1u << 25)
#define TILE_STATES (3u << 17)

static unsigned int kept_states(void) {
  unsigned int low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

// The system gives a process its 8 KB of tiles only if it asks for them.
static bool is_given_tiles(void) {
#if defined(__linux__)
  const long request_permission = 0x1023, tile_data = 18;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return true;
#endif
}

bool has_amx(void) {
  unsigned int a, b, c, d;
  if (!has_avx512() || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  if ((d & AMX_TILE) == 0 || (d & AMX_INT8) == 0) return false;
  return (kept_states() & TILE_STATES) == TILE_STATES && is_given_tiles();
}

#endif
