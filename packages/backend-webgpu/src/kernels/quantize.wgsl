// 32 activations as bytes, four in a word, with a scale:
//
//   d = max |x| / 127        q = round(x / d)        x ≈ d · q
//
// and the sum of the bytes of each half, for weights that have offsets.
//
// `quantize_row_q8_1` of ggml.

struct Quantized {
  bytes: array<u32, 8>,
  scale: f32,
  sums: vec2<i32>,
}

fn quantize(values: array<vec4<f32>, 8>) -> Quantized {
  var largest: vec4<f32>;
  for (var i = 0u; i < 8; i++) {
    largest = max(largest, abs(values[i]));
  }
  let most = max(max(largest.x, largest.y), max(largest.z, largest.w));
  let inverse = select(0.0, 127 / most, most > 1e-35); // below that, the quotient overflows
  var quantized: Quantized;
  quantized.scale = most / 127;
  for (var i = 0u; i < 8; i++) {
    let bytes = pack4xI8(vec4<i32>(round(values[i] * inverse)));
    quantized.bytes[i] = bytes;
    quantized.sums[i / 4] += dot4I8Packed(bytes, 0x01010101);
  }
  return quantized;
}
