// Products of 32 activations with 32 values of a weight, both as bytes:
//
//   d · sum over halves h of (scale[h] · sum of q · x + offset[h] · sum of x)
//
// The sums of bytes are exact; four products are one instruction.
//
// Dettmers et al. 2022, arXiv:2208.07339, for products of bytes with scales of parts of both vectors.

/// `scales` are scale and offset of the first half, then of the second.
fn scaled_product(products: vec2<f32>, scales: vec4<f32>, d: f32, sums: vec2<f32>) -> f32 {
  var product = scales.x * products.x + scales.z * products.y;
  if (HAS_OFFSET) {
    product += scales.y * sums.x + scales.w * sums.y;
  }
  return d * product;
}
