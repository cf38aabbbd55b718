// What JavaScript sees of all this: functions of numbers and bytes. Checks are made there, not here.
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "queue.h"

// A queue, and how its thread reaches JavaScript's.
typedef struct {
  Queue *queue;
  const InstructionSet *set;
  napi_threadsafe_function settle;
  uint32_t reads;  // that JavaScript waits for; while there are any, the process goes on
  napi_env env;
} Device;

// A read's callback, and the array that it fills.
typedef struct {
  Device *device;
  napi_ref callback;
  napi_ref target;
} PendingRead;

#define FUNCTION(name) static napi_value name(napi_env env, napi_callback_info info)

static Device *device_of(napi_env env, napi_value value) {
  void *device = 0;
  napi_get_value_external(env, value, &device);
  return device;
}

// On the queue's thread.
static void read_done(void *context, Command *read) {
  Device *device = context;
  napi_call_threadsafe_function(device->settle, read, napi_tsfn_nonblocking);
}

// On JavaScript's: callback(serial, step, check, fault), all 0 and no fault where the bytes are there.
static void settle_read(napi_env env, napi_value unused, void *context, void *data) {
  (void)unused;
  (void)context;
  Command *read = data;
  PendingRead *pending = read->context;
  if (env) {
    const Refusal *refusal = &read->refusal;
    napi_value callback, global, fault, result, values[4] = {number(env, refusal->serial), number(env, refusal->step),
                                                              number(env, refusal->check)};
    void *bytes;
    napi_create_buffer_copy(env, sizeof refusal->fault, &refusal->fault, &bytes, &fault);
    values[3] = fault;
    napi_get_reference_value(env, pending->callback, &callback);
    napi_get_global(env, &global);
    napi_delete_reference(env, pending->callback);
    napi_delete_reference(env, pending->target);
    Device *device = pending->device;
    if (--device->reads == 0) napi_unref_threadsafe_function(env, device->settle);
    napi_call_function(env, global, callback, 4, values, &result);
  }
  free(pending);
  free(read);
}

static void stop(void *data) {
  Device *device = data;
  if (!device->queue) return;
  queue_stop(device->queue);
  device->queue = 0;
  napi_release_threadsafe_function(device->settle, napi_tsfn_abort);
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)hint;
  Device *device = data;
  if (device->queue) napi_remove_env_cleanup_hook(env, stop, device);
  stop(device);
  free(device);
}

// instructionSets(): the names of those that this processor has, the best first.
FUNCTION(instruction_sets) {
  (void)info;
  const char *names[8];
  uint32_t count = list_instruction_sets(names, 8);
  napi_value array;
  napi_create_array_with_length(env, count, &array);
  for (uint32_t i = 0; i < count; i++) napi_set_element(env, array, i, text(env, names[i]));
  return array;
}

// open(threads, instructionSet): a device.
FUNCTION(open_device) {
  napi_value values[MOST_ARGUMENTS], result, name = text(env, "krait");
  arguments(env, info, values);
  if (integer_of(env, values[2]) != KERNEL_REVISION) return fail(env, "it was built for other versions of its callers");
  char *set = copy_of_text(env, values[1]);
  Device *device = calloc(1, sizeof *device);
  if (!set || !device) return fail(env, "there is no memory left");
  device->env = env;
  device->set = find_instruction_set(set);
  free(set);
  napi_create_threadsafe_function(env, 0, 0, name, 0, 1, 0, 0, 0, settle_read, &device->settle);
  napi_unref_threadsafe_function(env, device->settle);
  if (device->set) {
    device->queue = queue_start((uint32_t)integer_of(env, values[0]), device->set, read_done, device);
  }
  if (!device->queue) {
    napi_release_threadsafe_function(device->settle, napi_tsfn_abort);
    free(device);
    return fail(env, "its threads could not be started");
  }
  napi_add_env_cleanup_hook(env, stop, device);
  napi_create_external(env, device, finalize, 0, &result);
  return result;
}

// close(device): ends its threads and frees its memory.
FUNCTION(close_device) {
  napi_value values[MOST_ARGUMENTS];
  arguments(env, info, values);
  Device *device = device_of(env, values[0]);
  if (device->queue) napi_remove_env_cleanup_hook(env, stop, device);
  stop(device);
  return 0;
}

// kernels(device): the address of each kernel by its name.
FUNCTION(kernel_addresses) {
  napi_value values[MOST_ARGUMENTS], result;
  arguments(env, info, values);
  const InstructionSet *set = device_of(env, values[0])->set;
  napi_create_object(env, &result);
  for (uint32_t i = 0; i < set->count; i++) {
    const void *kernel = (const void *)(uintptr_t)set->kernels[i].work;
    napi_set_named_property(env, result, set->kernels[i].name, address(env, kernel));
  }
  return result;
}

// allocate(device, bytes): an address, 0 where there is no memory.
FUNCTION(allocate) {
  napi_value values[MOST_ARGUMENTS];
  arguments(env, info, values);
  Device *device = device_of(env, values[0]);
  return address(env, queue_allocate(device->queue, (size_t)integer_of(env, values[1])));
}

// map(device, path, offset, bytes): an address.
FUNCTION(map_file) {
  napi_value values[MOST_ARGUMENTS];
  arguments(env, info, values);
  char *path = copy_of_text(env, values[1]);
  if (!path) return fail(env, "there is no memory left");
  const char *error = 0;
  Queue *queue = device_of(env, values[0])->queue;
  const void *mapped = queue_map(queue, path, (uint64_t)integer_of(env, values[2]), (size_t)integer_of(env, values[3]), &error);
  free(path);
  return mapped ? address(env, mapped) : fail(env, error);
}

// peek(address, target) and poke(address, bytes): at once, for memory that no step uses.
FUNCTION(peek) {
  napi_value values[MOST_ARGUMENTS];
  size_t length = 0;
  arguments(env, info, values);
  char *target = bytes_of_array(env, values[1], &length);
  if (length) memcpy(target, address_of(env, values[0]), length);
  return 0;
}

FUNCTION(poke) {
  napi_value values[MOST_ARGUMENTS];
  size_t length = 0;
  arguments(env, info, values);
  const char *bytes = bytes_of_array(env, values[1], &length);
  if (length) memcpy(address_of(env, values[0]), bytes, length);
  return 0;
}

static napi_value push(napi_env env, napi_value device, Command *command) {
  if (!command) return fail(env, "there is no memory left");
  queue_push(device_of(env, device)->queue, command);
  return 0;
}

// write(device, address, bytes)
FUNCTION(write_bytes) {
  napi_value values[MOST_ARGUMENTS];
  size_t length = 0;
  arguments(env, info, values);
  const char *bytes = bytes_of_array(env, values[2], &length);
  Command *command = queue_command(WRITE, length);
  if (command) {
    command->target = address_of(env, values[1]);
    command->bytes = length;
    if (length) memcpy(command->copied, bytes, length);
  }
  return push(env, values[0], command);
}

// copy(device, kind, target, source, bytes): COPY, CLEAR, POPULATE or RELEASE, whichever of these it needs.
static napi_value push_range(napi_env env, napi_callback_info info, CommandKind kind) {
  napi_value values[MOST_ARGUMENTS];
  arguments(env, info, values);
  Command *command = queue_command(kind, 0);
  if (command) {
    command->target = address_of(env, values[1]);
    command->source = kind == COPY ? address_of(env, values[3]) : command->target;
    command->bytes = (size_t)integer_of(env, values[2]);
  }
  return push(env, values[0], command);
}

// clear(device, address, bytes), copy(device, target, bytes, source), populate(device, address, bytes), release(device, address, bytes)
FUNCTION(clear_bytes) { return push_range(env, info, CLEAR); }
FUNCTION(copy_bytes) { return push_range(env, info, COPY); }
FUNCTION(populate_bytes) { return push_range(env, info, POPULATE); }
FUNCTION(release_bytes) { return push_range(env, info, RELEASE); }

// step(device, number, list, entries, checks, parts, fault)
FUNCTION(run_list) {
  napi_value values[MOST_ARGUMENTS];
  arguments(env, info, values);
  Command *command = queue_command(STEP, 0);
  if (command) {
    command->number = (uint32_t)integer_of(env, values[1]);
    command->list = (StepList){
        .entries = address_of(env, values[2]),
        .count = (uint32_t)integer_of(env, values[3]),
        .checks = (uint32_t)integer_of(env, values[4]),
        .parts = (uint32_t)integer_of(env, values[5]),
        .fault = address_of(env, values[6]),
    };
  }
  return push(env, values[0], command);
}

// forgive(device, serial): the refusal has been heard of.
FUNCTION(forgive) {
  napi_value values[MOST_ARGUMENTS];
  arguments(env, info, values);
  Command *command = queue_command(FORGIVE, 0);
  if (command) command->number = (uint32_t)integer_of(env, values[1]);
  return push(env, values[0], command);
}

// read(device, address, target, callback)
FUNCTION(read_bytes) {
  napi_value values[MOST_ARGUMENTS];
  arguments(env, info, values);
  Device *device = device_of(env, values[0]);
  Command *command = queue_command(READ, 0);
  PendingRead *pending = malloc(sizeof *pending);
  if (!command || !pending) return fail(env, "there is no memory left");
  command->source = address_of(env, values[1]);
  command->target = bytes_of_array(env, values[2], &command->bytes);
  command->context = pending;
  pending->device = device;
  napi_create_reference(env, values[2], 1, &pending->target);
  napi_create_reference(env, values[3], 1, &pending->callback);
  if (device->reads++ == 0) napi_ref_threadsafe_function(env, device->settle);
  queue_push(device->queue, command);
  return 0;
}

NAPI_MODULE_INIT() {
  const struct { const char *name; napi_callback function; } functions[] = {
      {"instructionSets", instruction_sets}, {"open", open_device},         {"close", close_device},
      {"kernels", kernel_addresses},         {"allocate", allocate},        {"map", map_file},
      {"peek", peek},                        {"poke", poke},                {"write", write_bytes},
      {"clear", clear_bytes},                {"copy", copy_bytes},          {"populate", populate_bytes},
      {"release", release_bytes},            {"step", run_list},            {"forgive", forgive},
      {"read", read_bytes},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, 0, &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  napi_set_named_property(env, exports, "revision", number(env, KERNEL_REVISION));
  return exports;
}
