// Activations that are made bytes of as they are read. Where they come out of a root-mean-square norm, the
// norm's own input can take their place, as in linear-few-rows.wgsl.

override CHUNKS: u32; // of a row

var<private> squares: f32 = 0; // of the norm's inputs read so far

fn quantized_chunk(row: u32, chunk: u32) -> Quantized {
  var values: array<vec4<f32>, 8>;
  for (var i = 0u; i < 8; i++) {
    values[i] = input_vector(row, 8 * chunk + i);
    if (HAS_SQUARES) {
      squares += dot(values[i], values[i]);
      values[i] *= norm_vector(8 * chunk + i);
    }
  }
  return quantize(values);
}
