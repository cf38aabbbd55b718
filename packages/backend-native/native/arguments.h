// The arguments of a function that JavaScript calls, and what it gets back. They are what they should be: who calls
// is this package alone.
#pragma once

#define NAPI_VERSION 8
#include <node_api.h>
#include <stdint.h>
#include <stdlib.h>

#define MOST_ARGUMENTS 8

static inline void arguments(napi_env env, napi_callback_info info, napi_value values[MOST_ARGUMENTS]) {
  size_t count = MOST_ARGUMENTS;
  napi_get_cb_info(env, info, &count, values, 0, 0);
}

static inline int64_t integer_of(napi_env env, napi_value value) {
  int64_t integer = 0;
  napi_get_value_int64(env, value, &integer);
  return integer;
}

static inline void *address_of(napi_env env, napi_value value) { return (void *)(uintptr_t)integer_of(env, value); }

static inline char *bytes_of_array(napi_env env, napi_value array, size_t *length) {
  void *data = 0;
  napi_get_typedarray_info(env, array, 0, length, &data, 0, 0);
  return data;
}

static inline napi_value number(napi_env env, double value) {
  napi_value result = 0;
  napi_create_double(env, value, &result);
  return result;
}

static inline napi_value address(napi_env env, const void *value) { return number(env, (double)(uintptr_t)value); }

static inline napi_value text(napi_env env, const char *value) {
  napi_value result = 0;
  napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &result);
  return result;
}

static inline napi_value fail(napi_env env, const char *message) {
  napi_throw_error(env, 0, message);
  return 0;
}

static inline char *copy_of_text(napi_env env, napi_value value) {
  size_t length = 0;
  napi_get_value_string_utf8(env, value, 0, 0, &length);
  char *copy = malloc(length + 1);
  if (copy) napi_get_value_string_utf8(env, value, copy, length + 1, &length);
  return copy;
}
