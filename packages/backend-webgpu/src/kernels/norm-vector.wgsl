// Weights of the root-mean-square norm whose input a product reads in place of its output: four of them,
// zeros past the last.

@group(0) @binding(6) var<storage, read> norm_weight: array<f32>; // [COLUMNS]

fn norm_vector(vector: u32) -> vec4<f32> {
  var values: vec4<f32>;
  for (var i = 0u; i < 4 && 4 * vector + i < COLUMNS; i++) {
    values[i] = norm_weight[4 * vector + i];
  }
  return values;
}
