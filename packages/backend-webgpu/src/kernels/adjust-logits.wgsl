// Penalties, bias and mask, in this order.
//
//   seen      l = l > 0 ? l / repetitionPenalty : l · repetitionPenalty        token in prompt or output
//   generated l = l − presencePenalty − frequencyPenalty · n                   n > 0 times in the output
//   biased    l = l + biasValue                                               for each biasToken ≥ 0
//   masked    l = −∞                                                          where the mask's bit is 0
//
// The first dispatch takes every token of every row and leaves out the biases; the second adds them.
// A masked token stays −∞ whatever is added. Rows of slot −1 are padding and stay as they are.
//
// Keskar et al. 2019, arXiv:1909.05858, section 4.1; OpenAI API reference.

override SLOT: u32; // words of the step: the feeds
override SETTING: u32;
override CHOICE: u32;
override BIAS_TOKEN: u32;
override BIAS_VALUE: u32;
override MASK: u32;
override VOCABULARY: u32;
override BIASES: u32; // of a row
override OUTPUT_OFFSET: u32;
override OUTPUT_STRIDE: u32;

const SETTING_COLUMNS: u32 = 6;
const CHOICE_COLUMNS: u32 = 4;
const MASK_ROW: u32 = 3; // column of `choice`
const SEEN_IN_PROMPT: i32 = 1 << 30;
const NEGATIVE_INFINITY: u32 = 0xff800000;

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(1) var<storage, read> logits: array<f32>; // [output rows, VOCABULARY]
@group(0) @binding(2) var<storage, read> count: array<i32>; // [slots, VOCABULARY]
@group(0) @binding(3) var<storage, read_write> output: array<u32>; // f32 [output rows, VOCABULARY]

/// repetitionPenalty, presencePenalty and frequencyPenalty are columns 3, 4 and 5 of `setting`.
fn penalized(logit: f32, row: u32, slot: i32, token: u32) -> f32 {
  let seen = count[u32(slot) * VOCABULARY + token];
  if (seen == 0) {
    return logit;
  }
  let settings = SETTING + row * SETTING_COLUMNS;
  let repetition = bitcast<f32>(step[settings + 3]);
  let presence = bitcast<f32>(step[settings + 4]);
  let frequency = bitcast<f32>(step[settings + 5]);
  let repeated = select(logit * repetition, logit / repetition, logit > 0);
  let n = seen & ~SEEN_IN_PROMPT;
  return select(repeated, repeated - presence - frequency * f32(n), n > 0);
}

/// x counts tokens, y output rows.
@compute @workgroup_size(256)
fn penalize_and_mask(@builtin(global_invocation_id) id: vec3<u32>) {
  let token = id.x;
  let row = id.y;
  if (token >= VOCABULARY) {
    return;
  }
  let slot = step[SLOT + row];
  var logit = logits[row * VOCABULARY + token];
  var is_allowed = true;
  if (slot >= 0) {
    logit = penalized(logit, row, slot, token);
    let mask_row = step[CHOICE + row * CHOICE_COLUMNS + MASK_ROW];
    if (mask_row >= 0) {
      let word = MASK + u32(mask_row) * ((VOCABULARY + 31) / 32) + token / 32;
      is_allowed = ((u32(step[word]) >> (token % 32)) & 1) == 1;
    }
  }
  output[OUTPUT_OFFSET + row * OUTPUT_STRIDE + token] = select(NEGATIVE_INFINITY, bitcast<u32>(logit), is_allowed);
}

/// x counts biases of a row, y output rows. The first of those of one token adds all of them, in order.
@compute @workgroup_size(64)
fn add_biases(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.y;
  if (id.x >= BIASES || step[SLOT + row] < 0) {
    return;
  }
  let first = row * BIASES;
  let token = step[BIAS_TOKEN + first + id.x];
  if (token < 0) {
    return;
  }
  for (var i = 0u; i < id.x; i++) {
    if (step[BIAS_TOKEN + first + i] == token) {
      return;
    }
  }
  let place = OUTPUT_OFFSET + row * OUTPUT_STRIDE + u32(token);
  if (output[place] == NEGATIVE_INFINITY) {
    return;
  }
  var logit = bitcast<f32>(output[place]);
  for (var i = id.x; i < BIASES; i++) {
    if (step[BIAS_TOKEN + first + i] == token) {
      logit += bitcast<f32>(step[BIAS_VALUE + first + i]);
    }
  }
  output[place] = bitcast<u32>(logit);
}
