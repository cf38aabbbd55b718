// Pages of 16-bit numbers, two in a word. Two invocations may write the halves of one word, of two rows
// even, so each changes its own bits and no others.

alias Pages = array<atomic<u32>>;

fn store_key(at: u32, number: f32) {
  let shift = 16 * (at % 2);
  atomicAnd(&keys[at / 2], ~(0xffffu << shift));
  atomicOr(&keys[at / 2], narrow(number) << shift);
}

fn store_value(at: u32, number: f32) {
  let shift = 16 * (at % 2);
  atomicAnd(&values[at / 2], ~(0xffffu << shift));
  atomicOr(&values[at / 2], narrow(number) << shift);
}
