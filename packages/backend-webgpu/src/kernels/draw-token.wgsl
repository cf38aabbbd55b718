// Draws a token from each output row and leaves it in lastToken[slot]. Exact over the whole row.
//
//   temperature 0: the largest logit, the lower id among equals
//   otherwise      w[i] = e^((l[i] − l[0]) / temperature)        i counts by falling logit, then rising id
//   top-k          keep i < topK
//   top-p          keep i while w[0] + … + w[i − 1] < topP · (the sum of what top-k kept)
//   min-p          keep i while w[i] ≥ minP
//   token          the first i with w[0] + … + w[i] > u · (the sum of what is kept)
//   u              Philox4x32-10, key = seed, counter = position, 24 bits
//
// One workgroup takes one row. Nothing is sorted: the key of the logit at which a running sum passes a
// threshold is found digit by digit, with the mass of each next digit added up in four passes. Every
// cut keeps all larger keys and some of the equal ones, so that two numbers hold it.
//
// A row that nothing can be drawn from, because a logit is NaN or +∞ or all are −∞, gives −1 and
// leaves lastToken. So does padding, a row of slot −1.

override SLOT: u32; // words of the step: the feeds
override POSITION: u32;
override SETTING: u32;
override CHOICE: u32;
override VOCABULARY: u32;
override LOGITS_OFFSET: u32;
override LOGITS_STRIDE: u32;
override OUTPUT_OFFSET: u32;
override OUTPUT_STRIDE: u32;

const SETTING_COLUMNS: u32 = 6;
const CHOICE_COLUMNS: u32 = 4;
const LANES: u32 = 256;
const DIGITS: u32 = 256;

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(1) var<storage, read> logits: array<u32>; // f32 [output rows, VOCABULARY]
@group(0) @binding(2) var<storage, read_write> last_token: array<i32>; // [slots]
@group(0) @binding(3) var<storage, read_write> output: array<i32>; // [output rows, 1]

var<workgroup> lane_keys: array<u32, LANES>;
var<workgroup> lane_counts: array<u32, LANES>;
var<workgroup> is_broken: atomic<u32>;

/// What is kept: all keys above `cut_key`, and the first `cut_equals` of those that have it.
var<workgroup> cut_key: u32;
var<workgroup> cut_equals: u32;

/// Limbs of the mass of each digit.
var<workgroup> digit_mass: array<array<atomic<u32>, 3>, DIGITS>;
var<workgroup> prefix: u32; // digits of the key that is sought
var<workgroup> above: Mass; // of all keys above those that have them
var<workgroup> threshold: Mass;
var<workgroup> equal_index: u32; // of those that have the key, the one at which the sum passes

/// What the sum of a search is made of.
const BY_COUNT: u32 = 0;
const BY_MASS: u32 = 1;

/// What searches are made for, in this order.
const CUT_TOP_K: u32 = 0;
const CUT_TOP_P: u32 = 1;
const DRAW: u32 = 2;

struct Draw {
  row: u32,
  largest: f32,
  temperature: f32,
  min_p: f32,
}

fn limbs_at(draw: Draw, key: u32, mode: u32) -> vec3<u32> {
  if (mode == BY_COUNT) {
    return vec3(0, 0, 1);
  }
  let bits = key_bits(key);
  if (bits == NEGATIVE_INFINITY) {
    return vec3(0);
  }
  let weight = exp((bitcast<f32>(bits) - draw.largest) / draw.temperature);
  return select(vec3(0), limbs_of(min(weight, 1)), weight >= draw.min_p);
}

/// Adds up, by their digit at `shift`, the keys that begin with the known digits.
fn add_digits(draw: Draw, shift: u32, mode: u32, lane: u32) {
  let known = prefix;
  for (var t = lane; t < VOCABULARY; t += LANES) {
    let key = order_key(logits[draw.row + t]);
    if (key <= cut_key || (shift < 24 && (key >> (shift + 8)) != known)) {
      continue;
    }
    let limbs = limbs_at(draw, key, mode);
    let digit = (key >> shift) & 0xff;
    for (var i = 0u; i < 3; i++) {
      if (limbs[i] > 0) {
        atomicAdd(&digit_mass[digit][i], limbs[i]);
      }
    }
  }
  if (lane == 0 && cut_equals > 0 && (shift == 24 || (cut_key >> (shift + 8)) == known)) {
    let limbs = cut_equals * limbs_at(draw, cut_key, mode);
    for (var i = 0u; i < 3; i++) {
      atomicAdd(&digit_mass[(cut_key >> shift) & 0xff][i], limbs[i]);
    }
  }
}

fn digit_sum(digit: u32) -> Mass {
  return mass_of(vec3(
    atomicLoad(&digit_mass[digit][0]),
    atomicLoad(&digit_mass[digit][1]),
    atomicLoad(&digit_mass[digit][2]),
  ));
}

/// Finds the key at which the running sum exceeds a threshold: `count`, or `fraction` / 2²⁴ of all that
/// is kept, less one unit where it only has to be reached. Leaves it in `prefix`, and the sum before it
/// in `above`.
fn search(draw: Draw, mode: u32, fraction: u32, is_reached: bool, count: u32, lane: u32) {
  if (lane == 0) {
    prefix = 0;
    above = Mass(0, 0);
  }
  for (var shift = 24u; shift < 32; shift -= 8) { // until it wraps around
    for (var i = 0u; i < 3; i++) {
      atomicStore(&digit_mass[lane][i], 0);
    }
    workgroupBarrier();
    add_digits(draw, shift, mode, lane);
    workgroupBarrier();
    if (lane == 0) {
      if (shift == 24) {
        var total = Mass(0, 0);
        for (var digit = 0u; digit < DIGITS; digit++) {
          total = sum_of(total, digit_sum(digit));
        }
        threshold = share_of(total, fraction);
        if (mode == BY_COUNT) {
          threshold = Mass(0, count);
        }
        if (is_reached) {
          if (threshold.rest > 0) {
            threshold.rest--;
          } else if (threshold.whole > 0) {
            threshold = Mass(threshold.whole - 1, 0xffffff);
          }
        }
      }
      var digit = DIGITS - 1;
      for (; digit > 0; digit--) {
        let next = sum_of(above, digit_sum(digit));
        if (exceeds(next, threshold)) {
          break;
        }
        above = next;
      }
      prefix = (prefix << 8) | digit;
    }
    workgroupBarrier();
  }
}

/// The first of the equals of the found key with which the sum exceeds the threshold, from 0; by halving.
fn equal_at(draw: Draw, mode: u32) -> u32 {
  let limbs = limbs_at(draw, prefix, mode);
  var low = 0u;
  var high = VOCABULARY;
  while (low < high) {
    let middle = (low + high) / 2;
    if (exceeds(sum_of(above, mass_of((middle + 1) * limbs)), threshold)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/// The id of the `index`-th token of a key: each lane counts in a run of ids.
fn token_of(row: u32, key: u32, index: u32, lane: u32) -> i32 {
  let run = (VOCABULARY + LANES - 1) / LANES;
  let first = lane * run;
  let end = min(first + run, VOCABULARY);
  var equals = 0u;
  for (var t = first; t < end; t++) {
    equals += u32(order_key(logits[row + t]) == key);
  }
  lane_counts[lane] = equals;
  workgroupBarrier();
  var before = 0u;
  for (var i = 0u; i < lane; i++) {
    before += lane_counts[i];
  }
  if (index < before || index >= before + equals) {
    return -1;
  }
  for (var t = first; t < end; t++) {
    if (order_key(logits[row + t]) == key) {
      if (before == index) {
        return i32(t);
      }
      before++;
    }
  }
  return -1;
}

@compute @workgroup_size(LANES)
fn draw_token(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let output_row = workgroup.x;
  let to = OUTPUT_OFFSET + output_row * OUTPUT_STRIDE;
  let slot = step[SLOT + output_row];
  if (lane == 0) {
    output[to] = -1;
  }
  if (slot < 0) {
    return;
  }
  let row = LOGITS_OFFSET + output_row * LOGITS_STRIDE;

  var largest_key = 0u;
  for (var t = lane; t < VOCABULARY; t += LANES) {
    let bits = logits[row + t];
    if (is_nan(bits) || bits == POSITIVE_INFINITY) {
      atomicStore(&is_broken, 1);
    }
    largest_key = max(largest_key, order_key(bits));
  }
  lane_keys[lane] = largest_key;
  workgroupBarrier();
  for (var stride = LANES / 2; stride > 0; stride /= 2) {
    if (lane < stride) {
      lane_keys[lane] = max(lane_keys[lane], lane_keys[lane + stride]);
    }
    workgroupBarrier();
  }
  if (lane == 0 && key_bits(lane_keys[0]) == NEGATIVE_INFINITY) {
    atomicStore(&is_broken, 1);
  }
  storageBarrier();
  workgroupBarrier();
  largest_key = lane_keys[0];

  let settings = SETTING + output_row * SETTING_COLUMNS;
  let choices = CHOICE + output_row * CHOICE_COLUMNS;
  let temperature = bitcast<f32>(step[settings]);
  let top_p = bitcast<f32>(step[settings + 1]);
  let min_p = bitcast<f32>(step[settings + 2]);
  let top_k = u32(step[choices]);
  let seed = vec2<u32>(u32(step[choices + 1]), u32(step[choices + 2]));

  var key = largest_key;
  var index = 0u;
  if (temperature > 0) {
    let u = philox(seed, u32(step[POSITION + output_row])) >> 8;
    let largest = bitcast<f32>(key_bits(largest_key));
    // One search after the other, in a loop so that it is compiled once.
    for (var cut_index = CUT_TOP_K; cut_index <= DRAW; cut_index++) {
      let is_top_k = cut_index == CUT_TOP_K;
      let is_top_p = cut_index == CUT_TOP_P;
      if ((is_top_k && (top_k == 0 || top_k >= VOCABULARY)) || (is_top_p && top_p >= 1)) {
        continue;
      }
      let mode = select(BY_MASS, BY_COUNT, is_top_k);
      // The mass that top-p counts is that of what top-k kept, before min-p.
      let draw = Draw(row, largest, temperature, select(min_p, 0, is_top_p));
      let fraction = select(u, u32(round(top_p * 16777216)), is_top_p);
      search(draw, mode, fraction, is_top_p, top_k - 1, lane);
      if (lane == 0) {
        equal_index = equal_at(draw, mode);
        if (cut_index != DRAW) {
          cut_equals = select(equal_index + 1, min(equal_index + 1, cut_equals), prefix == cut_key);
          cut_key = prefix;
        }
      }
      workgroupBarrier();
    }
    key = prefix;
    index = equal_index;
  }
  let token = token_of(row, key, index, lane);
  if (token >= 0 && atomicLoad(&is_broken) == 0) {
    output[to] = token;
    last_token[slot] = token;
  }
}
