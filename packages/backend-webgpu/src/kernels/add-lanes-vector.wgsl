// As add-lanes.wgsl, where the lanes of a workgroup are one subgroup: sums stay in registers, and there is no
// barrier.

var<private> totals: array<f32, SUMS>;

struct Lane {
  @builtin(local_invocation_index) index: u32,
}

fn add_lanes(lane: Lane, sums: array<f32, SUMS>) {
  for (var i = 0u; i < SUMS; i++) {
    totals[i] = subgroupAdd(sums[i]);
  }
}

/// One of the sums over all lanes, after `add_lanes`.
fn total(lane: Lane, i: u32) -> f32 {
  return totals[i];
}
