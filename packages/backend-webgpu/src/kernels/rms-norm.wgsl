// Root-mean-square normalization of each row, scaled by a learned weight.
//
//   y[r, c] = x[r, c] / sqrt(mean over c of x[r, c]² + epsilon) · weight[c]
//
//   r  row        c  channel, C = COLUMNS of them
//
// One workgroup takes one row. Each invocation adds up a strided share of the squares, the shares are
// added pairwise in workgroup memory, and the row is then read a second time to be scaled: it is still
// in cache.
//
// Zhang & Sennrich 2019, arXiv:1910.07467, eq. 4.

override COLUMNS: u32;
override EPSILON: f32;
override X_OFFSET: u32;
override X_STRIDE: u32;
override Y_OFFSET: u32;
override Y_STRIDE: u32;
override LANES: u32 = 128; // a power of two, for the pairwise sum

@group(0) @binding(0) var<storage, read> x: array<f32>; // [rows, C]
@group(0) @binding(1) var<storage, read> weight: array<f32>; // [C]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [rows, C]

var<workgroup> partial: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn rms_norm(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let base = X_OFFSET + workgroup.x * X_STRIDE;
  let to = Y_OFFSET + workgroup.x * Y_STRIDE;

  var sum_of_squares = 0.0;
  for (var c = lane; c < COLUMNS; c += LANES) {
    sum_of_squares += x[base + c] * x[base + c];
  }
  partial[lane] = sum_of_squares;
  workgroupBarrier();

  for (var stride = LANES / 2; stride > 0; stride /= 2) {
    if (lane < stride) {
      partial[lane] += partial[lane + stride];
    }
    workgroupBarrier();
  }

  let scale = 1 / sqrt(partial[0] / f32(COLUMNS) + EPSILON);
  for (var c = lane; c < COLUMNS; c += LANES) {
    y[to + c] = x[base + c] * scale * weight[c];
  }
}
