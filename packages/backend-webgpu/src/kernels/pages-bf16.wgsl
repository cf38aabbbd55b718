// Keys and values in bf16, two in a word; bf16 is the upper half of an f32.

fn page_element(word: u32, at: u32) -> f32 {
  return bitcast<f32>((word >> (16 * (at % 2))) << 16);
}

const ELEMENTS_PER_WORD: u32 = 2;
