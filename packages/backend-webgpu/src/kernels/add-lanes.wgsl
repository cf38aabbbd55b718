// Adds up, over all lanes of a workgroup, sums that each lane has of its own: pairwise in workgroup memory.
// LANES is a power of two, and SUMS how many sums there are.

var<workgroup> partial: array<array<f32, SUMS>, LANES>;

struct Lane {
  @builtin(local_invocation_index) index: u32,
}

fn add_lanes(lane: Lane, sums: array<f32, SUMS>) {
  partial[lane.index] = sums;
  workgroupBarrier();
  for (var stride = LANES / 2; stride > 0; stride /= 2) {
    if (lane.index < stride) {
      for (var i = 0u; i < SUMS; i++) {
        partial[lane.index][i] += partial[lane.index + stride][i];
      }
    }
    workgroupBarrier();
  }
}

/// One of the sums over all lanes, after `add_lanes`.
fn total(lane: Lane, i: u32) -> f32 {
  return partial[0][i];
}
