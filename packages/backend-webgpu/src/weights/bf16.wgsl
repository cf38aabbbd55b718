// A row is its bf16 values, two in a word; a chunk is eight of them. bf16 is the upper half of an f32.

const CHUNK_VECTORS: u32 = 2;
alias Chunk = array<vec4<f32>, CHUNK_VECTORS>;

fn weight_chunk(row: u32, chunk: u32) -> Chunk {
  let words = weight[row + chunk];
  let first = bitcast<vec4<f32>>(words << vec4(16u));
  let second = bitcast<vec4<f32>>(words & vec4(0xffff0000u));
  return Chunk(vec4(first.x, second.x, first.y, second.y), vec4(first.z, second.z, first.w, second.w));
}
