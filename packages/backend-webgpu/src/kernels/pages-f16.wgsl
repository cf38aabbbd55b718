// Keys and values in f16, two in a word.

fn page_element(word: u32, at: u32) -> f32 {
  return unpack2x16float(word)[at % 2];
}

const ELEMENTS_PER_WORD: u32 = 2;
