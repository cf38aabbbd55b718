// The feeds of sampling settings, one row for each output row.
#pragma once
#include "kernel.cuh"

struct Setting {
  float temperature, top_p, min_p, repetition_penalty, presence_penalty, frequency_penalty;
};

struct Choice {
  int top_k;
  unsigned seed_low, seed_high;
  int mask_row;
};
