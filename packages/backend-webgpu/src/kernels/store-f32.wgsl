// Pages of f32.

fn store_key(at: u32, number: f32) {
  store_keys(at, number);
}

fn store_value(at: u32, number: f32) {
  store_values(at, number);
}
