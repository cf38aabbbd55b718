// What this machine can do at most, to hold kernels against.
//
//   ceilings <threads>      prints {"read": bytes/s, "float": f32 operations/s, "integer": int8 operations/s}
//
//   read     every thread streams its own 256 MiB from memory, from four places at once with prefetch,
//            as a matrix–vector product does
//   float    f32 multiply-adds on registers
//   integer  the fastest dot product of signed or unsigned bytes that the compiler's target has
//
// Each rate is the best of a few rounds, in which all threads start together. A multiplication and an
// addition are two operations.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { ROUNDS = 5, REGISTERS = 12, STREAMS = 4, AHEAD = 2048 };
static const size_t BYTES = (size_t)256 << 20;
static const long LOOPS = 4000000;

// As wide as the target's registers: the compiler turns wider vectors into slow pairs.
#if defined(__AVX512F__)
enum { WIDTH = 64 };
#elif defined(__AVX__)
enum { WIDTH = 32 };
#else
enum { WIDTH = 16 };
#endif
typedef float Floats __attribute__((vector_size(WIDTH)));
typedef int32_t Integers __attribute__((vector_size(WIDTH)));

static volatile int32_t sink;

static double readMemory(const char *memory) {
  Integers sums[STREAMS] = {{0}};
  const size_t part = BYTES / STREAMS;
  for (size_t i = 0; i < part; i += 64) {
    for (int s = 0; s < STREAMS; s++) {
      const char *line = memory + s * part + i;
      __builtin_prefetch(line + AHEAD);
      for (int k = 0; k < 64; k += WIDTH) sums[s] += *(const Integers *)(line + k);
    }
  }
  for (int s = 0; s < STREAMS; s++) sink += sums[s][0];
  return BYTES;
}

static double multiplyAdd(void) {
  Floats sums[REGISTERS];
  for (int r = 0; r < REGISTERS; r++) sums[r] = (Floats){0} + (float)r; // equal sums would be done once
  for (long i = 0; i < LOOPS; i++) {
#pragma GCC unroll 12
    for (int r = 0; r < REGISTERS; r++) sums[r] = sums[r] * 0.999f + 0.001f;
  }
  for (int r = 0; r < REGISTERS; r++) sink += (int32_t)sums[r][0];
  return 2.0 * LOOPS * REGISTERS * WIDTH / 4;
}

#if defined(__AVX512VNNI__)
#define HAS_DOT 1
static inline Integers dot(Integers sum, Integers a, Integers b) {
  return (Integers)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
}
#elif defined(__AVX2__)
#define HAS_DOT 1
static inline Integers dot(Integers sum, Integers a, Integers b) {
  const __m256i pairs = _mm256_maddubs_epi16((__m256i)a, (__m256i)b);
  return sum + (Integers)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}
#elif defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#define HAS_DOT 1
static inline Integers dot(Integers sum, Integers a, Integers b) {
  return (Integers)vdotq_s32((int32x4_t)sum, (int8x16_t)a, (int8x16_t)b);
}
#endif

static double dotBytes(void) {
#if defined(HAS_DOT)
  Integers sums[REGISTERS], a = {0}, b = {0};
  for (int r = 0; r < REGISTERS; r++) sums[r] = (Integers){0} + r;
  for (long i = 0; i < LOOPS; i++) {
#pragma GCC unroll 12
    for (int r = 0; r < REGISTERS; r++) {
      sums[r] = dot(sums[r], a, b);
      __asm__ volatile("" : "+v"(a), "+v"(b)); // nor may one product be used for all, or outside the loop
    }
  }
  for (int r = 0; r < REGISTERS; r++) sink += sums[r][0];
  return 2.0 * LOOPS * REGISTERS * WIDTH;
#else
  return 0;
#endif
}

enum { READ, FLOAT, INTEGER, KINDS };
static pthread_barrier_t barrier;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

// Fills `rates[kind]` with the best rate of this thread.
static void *measure(void *rates) {
  char *memory = aligned_alloc(4096, BYTES);
  if (memory == NULL) exit(1);
  memset(memory, 1, BYTES);
  for (int kind = 0; kind < KINDS; kind++) {
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
      pthread_barrier_wait(&barrier);
      const double start = seconds();
      const double work = kind == READ ? readMemory(memory) : kind == FLOAT ? multiplyAdd() : dotBytes();
      const double rate = work / (seconds() - start);
      if (rate > best) best = rate;
    }
    ((double *)rates)[kind] = best;
  }
  free(memory);
  return NULL;
}

int main(int count, char **arguments) {
  const int threads = count > 1 ? atoi(arguments[1]) : 1;
  pthread_t workers[threads];
  double rates[threads][KINDS], sums[KINDS] = {0};
  pthread_barrier_init(&barrier, NULL, threads);
  for (int t = 0; t < threads; t++) pthread_create(&workers[t], NULL, measure, rates[t]);
  for (int t = 0; t < threads; t++) {
    pthread_join(workers[t], NULL);
    for (int kind = 0; kind < KINDS; kind++) sums[kind] += rates[t][kind];
  }
  printf("{\"read\":%.4g,\"float\":%.4g,\"integer\":%.4g}\n", sums[READ], sums[FLOAT], sums[INTEGER]);
  return 0;
}
