// The settings of sampling, one row for each output row, as @krait/tensor lays them out.
#pragma once

#include "kernel.h"

typedef struct {
  float temperature;
  float top_p;
  float min_p;
  float repetition_penalty;
  float presence_penalty;
  float frequency_penalty;
} Setting;

typedef struct {
  int32_t top_k;
  uint32_t seed_low;
  uint32_t seed_high;
  int32_t mask_row;
} Choice;
