// Multiplies and adds in registers: eight independent chains of vectors an invocation.

override STEPS: u32;

@group(0) @binding(0) var<storage, read> numbers: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> sums: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let factor = numbers[0];
  var a = numbers[1];
  var b = numbers[2];
  var c = numbers[3];
  var d = numbers[4];
  var e = numbers[5];
  var f = numbers[6];
  var g = numbers[7];
  var h = numbers[8];
  for (var i = 0u; i < STEPS; i++) {
    a = fma(a, factor, b);
    b = fma(b, factor, c);
    c = fma(c, factor, d);
    d = fma(d, factor, e);
    e = fma(e, factor, f);
    f = fma(f, factor, g);
    g = fma(g, factor, h);
    h = fma(h, factor, a);
  }
  sums[id.x] = a + b + c + d + e + f + g + h;
}
