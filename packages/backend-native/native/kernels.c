// All kernels as one file, compiled for one instruction set after the other. INSTRUCTION_SET is its name.
#define KERNEL static

#include "adjust-logits.c"
#include "attention.c"
#include "causal-conv.c"
#include "check.c"
#include "draw-token.c"
#include "embed.c"
#include "gated-group-norm.c"
#include "log-probability.c"
#include "rms-norm.c"
#include "ssm-scan.c"
#include "token.c"
#include "write-kv.c"

#include "../kernels/linear.c"

#include "instruction-set.h"
#include "kernel-names.h"

#define NAME_OF(set) #set
#define QUOTED(set) NAME_OF(set)
#define TABLE_OF(set) kernels_##set
#define TABLE(set) TABLE_OF(set)

// Stands in a list of ops where `walk` runs the two steps of a product.
static void linear(const void *arguments, uint32_t part, uint32_t parts) {
  (void)arguments;
  (void)part;
  (void)parts;
}

#define ENTRY(name) {#name, (Work)(void (*)(void))name},

static const NamedKernel kernels[] = {EACH_KERNEL(ENTRY) ENTRY(linear)};

const InstructionSet TABLE(INSTRUCTION_SET) = {
    .name = QUOTED(INSTRUCTION_SET),
    .kernels = kernels,
    .count = sizeof kernels / sizeof *kernels,
    .linear = linear,
    .prepare_parts = partsOfPrepareLinear,
    .prepare = prepareLinear,
    .chunks = chunksOfLinear,
    .chunk = linearChunk,
};
