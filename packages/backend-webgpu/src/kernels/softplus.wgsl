// log(1 + eˣ), written so that nothing overflows and small results keep their digits.
//
//   log(1 + eˣ) = max(x, 0) + log(1 + e),  e = e^−|x| ≤ 1
//   log(1 + e) = 2 · atanh(z) = 2 · (z + z³/3 + z⁵/5 + …),  z = e / (2 + e) ≤ 1/3

fn softplus(x: f32) -> f32 {
  let e = exp(-abs(x));
  let z = e / (2 + e);
  let s = z * z;
  let series = 1 + s * (1.0 / 3 + s * (1.0 / 5 + s * (1.0 / 7 + s * (1.0 / 9 + s * (1.0 / 11 + s / 13)))));
  return max(x, 0) + 2 * z * series;
}
