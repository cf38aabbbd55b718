// Tiles of a product in f32, as the input is.

alias TileVector = vec4<f32>;

fn tile_input(row: u32, vector: u32) -> TileVector {
  return input_vector(row, vector);
}

fn input_scale(row: u32) -> f32 {
  return 1;
}
