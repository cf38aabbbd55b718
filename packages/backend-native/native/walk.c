#include "walk.h"

int32_t walk(const StepList *list, const InstructionSet *set, Pool *pool, atomic_bool *stops) {
  const Word *entry = list->entries;
  list->fault->kind = NO_FAULT;
  for (uint32_t index = 0; index < list->count && !atomic_load(stops); index++, entry = entry_after(entry)) {
    Kernel kernel = kernel_of(entry);
    const void *arguments = arguments_of(entry);
    if (index < list->checks) {
      kernel(arguments, 0, 1);
      if (list->fault->kind != NO_FAULT) return (int32_t)index;
    } else if (kernel == set->linear) {
      bool is_prepared = pool_run(pool, set->prepare, arguments, set->prepare_parts(arguments));
      if (!is_prepared || !pool_run(pool, set->chunk, arguments, set->chunks(arguments))) return STEP_BROKEN;
    } else if (!pool_run(pool, kernel, arguments, list->parts)) {
      return STEP_BROKEN;
    }
  }
  return STEP_DONE;
}
