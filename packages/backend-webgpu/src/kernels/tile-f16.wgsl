// Tiles of a product in f16, of rows as halve-rows.wgsl leaves them: no element of a row is larger than 1 and a
// sum of four products no larger than four weights, so that f16, which ends at 65,504, holds it for weights up
// to 16,376.

alias TileVector = vec4<f16>;

override INPUT_CHUNKS: u32; // of a row, 32 columns each

@group(0) @binding(1) var<storage, read> halves: array<vec2<u32>>; // [rows, 1 + 8 · INPUT_CHUNKS]

fn tile_input(row: u32, vector: u32) -> TileVector {
  return bitcast<vec4<f16>>(halves[row * (1 + 8 * INPUT_CHUNKS) + 1 + vector]);
}

fn input_scale(row: u32) -> f32 {
  return bitcast<f32>(halves[row * (1 + 8 * INPUT_CHUNKS)].x);
}
