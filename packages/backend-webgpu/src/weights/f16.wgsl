// A row is its f16 values, two in a word; a chunk is eight of them.

const CHUNK_VECTORS: u32 = 2;
alias Chunk = array<vec4<f32>, CHUNK_VECTORS>;

fn weight_chunk(row: u32, chunk: u32) -> Chunk {
  let words = weight[row + chunk];
  return Chunk(
    vec4(unpack2x16float(words.x), unpack2x16float(words.y)),
    vec4(unpack2x16float(words.z), unpack2x16float(words.w)),
  );
}
