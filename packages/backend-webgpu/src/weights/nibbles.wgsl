// A chunk is 32 values, whose low four bits are one vector. In each word the low nibbles are four
// values and the high nibbles the next four. Formats of 5 and 6 bits have the others in words of
// their own, from the lowest bit up.

const CHUNK_VECTORS: u32 = 8;
alias Chunk = array<vec4<f32>, CHUNK_VECTORS>;

override HIGH_AT: u32 = 0; // vectors before the high bits of a row
override HIGH_BITS: u32 = 0; // of a value: 0, 1 or 2

fn weight_quants(row: u32, chunk: u32) -> array<vec4<u32>, CHUNK_VECTORS> {
  let words = weight[row + chunk];
  var quants: array<vec4<u32>, CHUNK_VECTORS>;
  for (var i = 0u; i < 4; i++) {
    quants[2 * i] = unpack4xU8(words[i] & 0x0f0f0f0f);
    quants[2 * i + 1] = unpack4xU8((words[i] >> 4) & 0x0f0f0f0f);
  }
  if (HIGH_BITS > 0) {
    for (var i = 0u; i < CHUNK_VECTORS; i++) {
      let bit = 4 * HIGH_BITS * i;
      let high = weight_word(row + HIGH_AT, HIGH_BITS * chunk + bit / 32) >> (bit % 32);
      let mask = (1u << HIGH_BITS) - 1;
      quants[i] |= ((vec4(high) >> (HIGH_BITS * vec4(0u, 1u, 2u, 3u))) & vec4(mask)) << vec4(4u);
    }
  }
  return quants;
}
