// output[r] = log(sum over t of exp(logits[r, t])), the largest logit taken out of the sum first
//
// One workgroup takes one row. The shares of its lanes are added pairwise.

override VOCABULARY: u32;
override OUTPUT_OFFSET: u32;
override OUTPUT_STRIDE: u32;

const LANES: u32 = 256;

@group(0) @binding(0) var<storage, read> logits: array<u32>; // f32 [output rows, VOCABULARY]
@group(0) @binding(1) var<storage, read_write> output: array<f32>; // [output rows, 1]

var<workgroup> keys: array<u32, LANES>;
var<workgroup> sums: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn log_sum_exp(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = workgroup.x * VOCABULARY;

  var largest_key = 0u;
  for (var t = lane; t < VOCABULARY; t += LANES) {
    largest_key = max(largest_key, order_key(logits[row + t]));
  }
  keys[lane] = largest_key;
  workgroupBarrier();
  for (var stride = LANES / 2; stride > 0; stride /= 2) {
    if (lane < stride) {
      keys[lane] = max(keys[lane], keys[lane + stride]);
    }
    workgroupBarrier();
  }
  let largest = bitcast<f32>(key_bits(keys[0]));

  var sum = 0.0;
  for (var t = lane; t < VOCABULARY; t += LANES) {
    let bits = logits[row + t];
    if (bits != NEGATIVE_INFINITY) {
      sum += exp(bitcast<f32>(bits) - largest);
    }
  }
  sums[lane] = sum;
  workgroupBarrier();
  for (var stride = LANES / 2; stride > 0; stride /= 2) {
    if (lane < stride) {
      sums[lane] += sums[lane + stride];
    }
    workgroupBarrier();
  }
  if (lane == 0) {
    output[OUTPUT_OFFSET + workgroup.x * OUTPUT_STRIDE] = largest + log(sums[0]);
  }
}
