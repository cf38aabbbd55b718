// Pages of f32.

alias Pages = array<f32>;

fn store_key(at: u32, number: f32) {
  keys[at] = number;
}

fn store_value(at: u32, number: f32) {
  values[at] = number;
}
