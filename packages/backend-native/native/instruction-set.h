// The kernels, compiled once for each instruction set, and which of these the processor has.
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef void (*Work)(const void *arguments, uint32_t part, uint32_t parts);

typedef struct {
  const char *name;
  Work work;
} NamedKernel;

typedef struct {
  const char *name;
  const NamedKernel *kernels;
  uint32_t count;
  // `linear` goes in two steps: all parts of the first, and then the chunks of the second.
  Work linear;  // stands for both in a list of ops
  uint32_t (*prepare_parts)(const void *arguments);
  Work prepare;
  uint32_t (*chunks)(const void *arguments);
  Work chunk;
} InstructionSet;

// By name, or the best that the processor has where the name is null; null where it does not have it.
const InstructionSet *find_instruction_set(const char *name);

// The names of those that the processor has, the best first; how many.
uint32_t list_instruction_sets(const char *names[], uint32_t most);
