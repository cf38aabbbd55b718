// Pages of 16-bit numbers, two in a word. Two invocations may write the halves of one word, of two rows
// even, so each changes its own bits and no others.

fn store_key(at: u32, number: f32) {
  let shift = 16 * (at % 2);
  replace_keys(at / 2, 0xffffu << shift, narrow(number) << shift);
}

fn store_value(at: u32, number: f32) {
  let shift = 16 * (at % 2);
  replace_values(at / 2, 0xffffu << shift, narrow(number) << shift);
}
