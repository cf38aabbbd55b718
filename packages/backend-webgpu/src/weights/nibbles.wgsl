// A chunk is 32 values, whose low four bits are one vector. In each word the low nibbles are four
// values and the high nibbles the next four. Formats of 5 and 6 bits have the others in words of
// their own, from the lowest bit up.

const CHUNK_VECTORS: u32 = 8;
alias Chunk = array<vec4<f32>, CHUNK_VECTORS>;

override HIGH_AT: u32 = 0; // vectors before the high bits of a row
override HIGH_BITS: u32 = 0; // of a value: 0, 1 or 2

/// The values as bytes, four in a word.
fn weight_bytes(row: u32, chunk: u32) -> array<u32, CHUNK_VECTORS> {
  let words = weight[row + chunk];
  var bytes: array<u32, CHUNK_VECTORS>;
  for (var i = 0u; i < 4; i++) {
    bytes[2 * i] = words[i] & 0x0f0f0f0f;
    bytes[2 * i + 1] = (words[i] >> 4) & 0x0f0f0f0f;
  }
  if (HIGH_BITS > 0) {
    for (var i = 0u; i < CHUNK_VECTORS; i++) {
      let bit = 4 * HIGH_BITS * i;
      let high = weight_word(row + HIGH_AT, HIGH_BITS * chunk + bit / 32) >> (bit % 32);
      bytes[i] |= spread(high & ((1u << (4 * HIGH_BITS)) - 1)) << 4;
    }
  }
  return bytes;
}

/// The lowest 4 · HIGH_BITS bits, HIGH_BITS of them in each byte.
fn spread(bits: u32) -> u32 {
  let apart = 8 - HIGH_BITS;
  let mask = select(0x01010101u, 0x03030303u, HIGH_BITS == 2);
  return (bits | (bits << apart) | (bits << (2 * apart)) | (bits << (3 * apart))) & mask;
}
