// An input whose rows begin and end anywhere: four columns of it, zeros past the last.

override COLUMNS: u32;
override X_OFFSET: u32;
override X_STRIDE: u32;

@group(0) @binding(1) var<storage, read> x: array<f32>; // [rows, COLUMNS]

fn input_vector(row: u32, vector: u32) -> vec4<f32> {
  let base = X_OFFSET + row * X_STRIDE;
  let c = 4 * vector;
  var values: vec4<f32>;
  for (var i = 0u; i < 4 && c + i < COLUMNS; i++) {
    values[i] = x[base + c + i];
  }
  return values;
}
