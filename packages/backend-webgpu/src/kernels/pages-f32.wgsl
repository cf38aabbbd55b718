// Keys and values in f32.

fn page_element(word: u32, at: u32) -> f32 {
  return bitcast<f32>(word);
}

const ELEMENTS_PER_WORD: u32 = 1;
