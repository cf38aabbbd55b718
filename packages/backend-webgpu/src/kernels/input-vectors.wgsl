// An input whose offset, stride and columns are multiples of four: four columns of it, zeros past the
// last.

override COLUMNS: u32;
override X_OFFSET: u32;
override X_STRIDE: u32;

@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>; // [rows, COLUMNS]

fn input_vector(row: u32, vector: u32) -> vec4<f32> {
  if (4 * vector >= COLUMNS) {
    return vec4(0.0);
  }
  return x[(X_OFFSET + row * X_STRIDE) / 4 + vector];
}
