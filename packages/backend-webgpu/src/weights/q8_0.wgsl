// A row is its i8 values, then an f16 scale for every 32 of them; a chunk is sixteen values.

const CHUNK_VECTORS: u32 = 4;
alias Chunk = array<vec4<f32>, CHUNK_VECTORS>;

override SCALES_AT: u32; // vectors before the scales of a row

fn weight_chunk(row: u32, chunk: u32) -> Chunk {
  let words = weight[row + chunk];
  let scale = unpack2x16float(weight_half(row + SCALES_AT, chunk / 2)).x;
  return Chunk(
    scale * vec4<f32>(unpack4xI8(words.x)),
    scale * vec4<f32>(unpack4xI8(words.y)),
    scale * vec4<f32>(unpack4xI8(words.z)),
    scale * vec4<f32>(unpack4xI8(words.w)),
  );
}
