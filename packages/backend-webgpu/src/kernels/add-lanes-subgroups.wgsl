// As add-lanes.wgsl, where there are subgroups: each adds up its own lanes in registers, and only the sums
// of whole subgroups pass through workgroup memory.

const SMALLEST_SUBGROUP: u32 = 4;

var<workgroup> partial: array<array<f32, SUMS>, LANES / SMALLEST_SUBGROUP>;

struct Lane {
  @builtin(local_invocation_index) index: u32,
  @builtin(subgroup_invocation_id) in_subgroup: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(num_subgroups) subgroups: u32,
}

fn add_lanes(lane: Lane, sums: array<f32, SUMS>) {
  for (var i = 0u; i < SUMS; i++) {
    let sum = subgroupAdd(sums[i]);
    if (lane.in_subgroup == 0) {
      partial[lane.subgroup][i] = sum;
    }
  }
  workgroupBarrier();
}

/// One of the sums over all lanes, after `add_lanes`.
fn total(lane: Lane, i: u32) -> f32 {
  var sum = 0.0;
  for (var subgroup = 0u; subgroup < lane.subgroups; subgroup++) {
    sum += partial[subgroup][i];
  }
  return sum;
}
