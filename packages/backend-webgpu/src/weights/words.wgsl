// Single words and halves of a row of a weight, which is read in vectors of four words.

fn weight_word(row: u32, word: u32) -> u32 {
  return weight[row + word / 4][word % 4];
}

fn weight_half(row: u32, half: u32) -> u32 {
  return (weight_word(row, half / 2) >> (16 * (half % 2))) & 0xffff;
}
