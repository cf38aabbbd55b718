// As linear-tiled.wgsl, by products of bytes: 32 columns of both tiles are bytes in workgroup memory, with the
// scales of each row. Quantize-rows.wgsl has made bytes of the activations.

override ROWS_AT: u32; // words of the step: its rows
override ROW_VECTORS: u32;

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<u32>>; // [OUTPUTS, ROW_VECTORS]

const TILE_OUTPUTS: u32 = 64;
const ROW_LANES: u32 = TILE_ROWS / LANE_ROWS;
const OUTPUT_LANES: u32 = TILE_OUTPUTS / 4;
const LANES: u32 = ROW_LANES * OUTPUT_LANES;

var<workgroup> inputs: array<vec4<u32>, 2 * TILE_ROWS>;
var<workgroup> input_scales: array<vec3<f32>, TILE_ROWS>; // d, and the sums of both halves
var<workgroup> weights: array<vec4<u32>, 2 * TILE_OUTPUTS>;
var<workgroup> weight_parts: array<vec4<f32>, TILE_OUTPUTS>; // scale and offset of both halves

fn dot_sixteen(a: vec4<u32>, b: vec4<u32>) -> f32 {
  return f32(
    dot4I8Packed(a.x, b.x) + dot4I8Packed(a.y, b.y) + dot4I8Packed(a.z, b.z) + dot4I8Packed(a.w, b.w)
  );
}

/// x and z count tiles of outputs, y tiles of rows.
@compute @workgroup_size(LANES)
fn linear_tiled_integers(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let rows = u32(step[ROWS_AT]);
  let first_row = workgroup.y * TILE_ROWS;
  let first_output = (workgroup.x + workgroup.z * workgroups.x) * TILE_OUTPUTS;
  if (first_output >= OUTPUTS) {
    return;
  }
  // A lane's rows and outputs lie so far apart that neighbouring lanes read neighbouring ones.
  let row_lane = lane / OUTPUT_LANES % ROW_LANES;
  let output_lane = lane % OUTPUT_LANES;

  var sums: array<vec4<f32>, LANE_ROWS>;
  for (var chunk = 0u; chunk < CHUNKS; chunk++) {
    // Rows and outputs past the last are computed as the last, and not stored.
    for (var r = lane; r < TILE_ROWS; r += LANES) {
      let input = quantized_chunk(min(first_row + r, rows - 1), chunk);
      inputs[2 * r] = vec4(input.bytes[0], input.bytes[1], input.bytes[2], input.bytes[3]);
      inputs[2 * r + 1] = vec4(input.bytes[4], input.bytes[5], input.bytes[6], input.bytes[7]);
      input_scales[r] = vec3(input.scale, vec2<f32>(input.sums));
    }
    for (var o = lane; o < TILE_OUTPUTS; o += LANES) {
      let weight_row = min(first_output + o, OUTPUTS - 1) * ROW_VECTORS;
      let bytes = weight_bytes(weight_row, chunk);
      weights[2 * o] = vec4(bytes[0], bytes[1], bytes[2], bytes[3]);
      weights[2 * o + 1] = vec4(bytes[4], bytes[5], bytes[6], bytes[7]);
      weight_parts[o] = weight_scales(weight_row, chunk);
    }
    workgroupBarrier();

    for (var o = 0u; o < 4; o++) {
      let own = output_lane + o * OUTPUT_LANES;
      let first = weights[2 * own];
      let last = weights[2 * own + 1];
      let scales = weight_parts[own];
      for (var r = 0u; r < LANE_ROWS; r++) {
        let row = row_lane + r * ROW_LANES;
        let products = vec2(dot_sixteen(first, inputs[2 * row]), dot_sixteen(last, inputs[2 * row + 1]));
        sums[r][o] += scaled_product(products, scales, input_scales[row].x, input_scales[row].yz);
      }
    }
    workgroupBarrier();
  }

  for (var r = 0u; r < LANE_ROWS; r++) {
    let row = first_row + row_lane + r * ROW_LANES;
    for (var o = 0u; o < 4; o++) {
      let output = first_output + output_lane + o * OUTPUT_LANES;
      if (row < rows && output < OUTPUTS) {
        store_output(row, output, sums[r][o]);
      }
    }
  }
}
