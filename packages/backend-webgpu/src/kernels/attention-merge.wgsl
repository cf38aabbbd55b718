// Adds up what the workgroups of attention.wgsl found in their splits of a context.
//
//   output[r, h] = sum over s of exp(m[s] − m) · weighted[s] / sum over s of exp(m[s] − m) · l[s]
//
//   s  split        m[s]  its largest score, m the largest of all        l[s]  its sum of exponentials
//
// One workgroup takes one head of one row. Splits past a row's position have found nothing: m[s] is
// below any score and l[s] is 0.

override HEADS: u32;
override HEAD_DIM: u32;
override SPLIT_POSITIONS: u32;
override CONTEXT_AT: u32; // words of the step: its context
override SLOT: u32;
override OUTPUT_OFFSET: u32;
override OUTPUT_STRIDE: u32;

const LANES: u32 = 64;
const NONE: f32 = -3e38;

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(1) var<storage, read> partials: array<f32>; // [rows, HEADS, splits, D + 2]
@group(0) @binding(2) var<storage, read_write> output: array<f32>; // [rows, HEADS · D]

/// x counts heads, y rows.
@compute @workgroup_size(LANES)
fn attention_merge(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let splits = (u32(step[CONTEXT_AT]) + SPLIT_POSITIONS - 1) / SPLIT_POSITIONS;
  let stride = HEAD_DIM + 2;
  let base = (workgroup.y * HEADS + workgroup.x) * splits * stride;
  let is_padding = step[SLOT + workgroup.y] < 0;

  var largest = NONE;
  for (var s = 0u; s < splits; s++) {
    largest = max(largest, partials[base + s * stride + HEAD_DIM]);
  }
  var sum = 0.0;
  for (var s = 0u; s < splits; s++) {
    sum += exp(partials[base + s * stride + HEAD_DIM] - largest) * partials[base + s * stride + HEAD_DIM + 1];
  }
  for (var channel = lane; channel < HEAD_DIM; channel += LANES) {
    var weighted = 0.0;
    for (var s = 0u; s < splits; s++) {
      weighted += exp(partials[base + s * stride + HEAD_DIM] - largest) * partials[base + s * stride + channel];
    }
    let to = OUTPUT_OFFSET + workgroup.y * OUTPUT_STRIDE + workgroup.x * HEAD_DIM + channel;
    output[to] = select(weighted / sum, 0, is_padding);
  }
}
