// iq4_nl, mxfp4: value = d · table[q], with an f32 d for each chunk.

override SCALES_AT: u32; // vectors before the scales of a row

fn weight_chunk(row: u32, chunk: u32) -> Chunk {
  let bytes = weight_bytes(row, chunk);
  let d = bitcast<f32>(weight_word(row + SCALES_AT, chunk));
  var values: Chunk;
  for (var i = 0u; i < CHUNK_VECTORS; i++) {
    let q = unpack4xU8(bytes[i]);
    values[i] = d * vec4(TABLE[q.x], TABLE[q.y], TABLE[q.z], TABLE[q.w]);
  }
  return values;
}
