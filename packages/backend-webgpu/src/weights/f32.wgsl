// A row is its f32 values; a chunk is four of them.

const CHUNK_VECTORS: u32 = 1;
alias Chunk = array<vec4<f32>, CHUNK_VECTORS>;

fn weight_chunk(row: u32, chunk: u32) -> Chunk {
  return Chunk(bitcast<vec4<f32>>(weight[row + chunk]));
}
