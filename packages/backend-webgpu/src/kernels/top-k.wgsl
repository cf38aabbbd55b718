// The largest logits of each row: largest first, the lower id among equals. NaN is never among them;
// where fewer are left, the rest are id −1 and −∞.
//
// One workgroup takes one row. It finds the COUNT-th largest key digit by digit, counting in each of
// four passes how many keys have each next digit. What is larger is then collected in any order and
// put in its place by counting what precedes it; of those equal to it the first ids fill the rest.

override VOCABULARY: u32;
override COUNT: u32;
override IDS_OFFSET: u32;
override IDS_STRIDE: u32;
override LOGITS_OFFSET: u32;
override LOGITS_STRIDE: u32;

const LANES: u32 = 256;
const DIGITS: u32 = 256;

@group(0) @binding(0) var<storage, read> logits: array<u32>; // f32 [output rows, VOCABULARY]
@group(0) @binding(1) var<storage, read_write> ids: array<i32>; // [output rows, COUNT]
@group(0) @binding(2) var<storage, read_write> largest: array<u32>; // f32 [output rows, COUNT]

var<workgroup> digit_counts: array<atomic<u32>, DIGITS>;
var<workgroup> prefix: u32; // the digits that are known, of the COUNT-th largest key
var<workgroup> above: u32; // how many keys are larger than all with these digits
var<workgroup> collected: atomic<u32>;
var<workgroup> collected_keys: array<u32, COUNT>;
var<workgroup> collected_ids: array<u32, COUNT>;
var<workgroup> equals_before: array<u32, LANES>;

@compute @workgroup_size(LANES)
fn top_k(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = workgroup.x * VOCABULARY;
  let ids_at = IDS_OFFSET + workgroup.x * IDS_STRIDE;
  let logits_at = LOGITS_OFFSET + workgroup.x * LOGITS_STRIDE;

  for (var shift = 24u; shift < 32; shift -= 8) { // until it wraps around
    atomicStore(&digit_counts[lane], 0);
    workgroupBarrier();
    let known = prefix;
    for (var t = lane; t < VOCABULARY; t += LANES) {
      let bits = logits[row + t];
      let key = order_key(bits);
      // A shift by 32 bits would be one by none.
      if (!is_nan(bits) && (shift == 24 || (key >> (shift + 8)) == known)) {
        atomicAdd(&digit_counts[(key >> shift) & 0xff], 1);
      }
    }
    workgroupBarrier();
    if (lane == 0) {
      var digit = DIGITS - 1;
      for (; digit > 0; digit--) {
        let next = above + atomicLoad(&digit_counts[digit]);
        if (next >= COUNT) {
          break;
        }
        above = next;
      }
      prefix = (known << 8) | digit;
    }
    workgroupBarrier();
  }
  let threshold = prefix;

  // Each lane counts the equals in its run of ids, so that they can be numbered by id.
  let run = (VOCABULARY + LANES - 1) / LANES;
  let first = lane * run;
  let end = min(first + run, VOCABULARY);
  var equals = 0u;
  for (var t = first; t < end; t++) {
    let bits = logits[row + t];
    let key = order_key(bits);
    if (is_nan(bits)) {
      continue;
    }
    if (key > threshold) {
      let place = atomicAdd(&collected, 1);
      collected_keys[place] = key;
      collected_ids[place] = t;
    } else if (key == threshold) {
      equals++;
    }
  }
  equals_before[lane] = equals;
  workgroupBarrier();
  if (lane == 0) {
    var before = 0u;
    for (var i = 0u; i < LANES; i++) {
      let count = equals_before[i];
      equals_before[i] = before;
      before += count;
    }
    atomicStore(&digit_counts[0], before);
  }
  workgroupBarrier();

  let larger = atomicLoad(&collected);
  var place = larger + equals_before[lane];
  for (var t = first; t < end && place < COUNT; t++) {
    let bits = logits[row + t];
    if (!is_nan(bits) && order_key(bits) == threshold) {
      ids[ids_at + place] = i32(t);
      largest[logits_at + place] = bits;
      place++;
    }
  }
  for (var i = lane; i < larger; i += LANES) {
    let key = collected_keys[i];
    let id = collected_ids[i];
    var rank = 0u;
    for (var j = 0u; j < larger; j++) {
      let other = collected_keys[j];
      if (other > key || (other == key && collected_ids[j] < id)) {
        rank++;
      }
    }
    ids[ids_at + rank] = i32(id);
    largest[logits_at + rank] = logits[row + id];
  }
  for (var i = larger + atomicLoad(&digit_counts[0]) + lane; i < COUNT; i += LANES) {
    ids[ids_at + i] = -1;
    largest[logits_at + i] = NEGATIVE_INFINITY;
  }
}
