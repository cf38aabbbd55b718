// Values of a chunk are scale · q + offset, with one pair for its first half and one for its second.

fn weight_chunk(row: u32, chunk: u32) -> Chunk {
  let bytes = weight_bytes(row, chunk);
  let scales = weight_scales(row, chunk);
  var values: Chunk;
  for (var i = 0u; i < CHUNK_VECTORS; i++) {
    let pair = select(scales.zw, scales.xy, i < CHUNK_VECTORS / 2);
    values[i] = pair.x * vec4<f32>(unpack4xU8(bytes[i])) + pair.y;
  }
  return values;
}
