const LENGTH = 4096;
const ROUNDS = 20_000;

/**
 * Double-precision multiply-adds that one thread of JavaScript does in a second: a dot product of two
 * vectors that stay in the first cache, eight sums side by side, so that none waits for another.
 */
export function multiplyAddsPerSecond(): number {
  const a = Float64Array.from({ length: LENGTH }, (_, index) => Math.sin(index));
  const b = Float64Array.from({ length: LENGTH }, (_, index) => Math.cos(index));
  let checksum = dot(a, b);
  let best = 0;
  for (let attempt = 0; attempt < 5; attempt++) {
    const started = performance.now();
    for (let round = 0; round < ROUNDS; round++) checksum += dot(a, b);
    const seconds = (performance.now() - started) / 1000;
    best = Math.max(best, (ROUNDS * LENGTH) / seconds);
  }
  // Used, so that the loop is not dropped as dead code.
  if (Number.isNaN(checksum)) throw new Error("The dot product of finite vectors is not a number.");
  return best;
}

function dot(a: Float64Array, b: Float64Array): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let s4 = 0;
  let s5 = 0;
  let s6 = 0;
  let s7 = 0;
  for (let i = 0; i < LENGTH; i += 8) {
    s0 += a[i]! * b[i]!;
    s1 += a[i + 1]! * b[i + 1]!;
    s2 += a[i + 2]! * b[i + 2]!;
    s3 += a[i + 3]! * b[i + 3]!;
    s4 += a[i + 4]! * b[i + 4]!;
    s5 += a[i + 5]! * b[i + 5]!;
    s6 += a[i + 6]! * b[i + 6]!;
    s7 += a[i + 7]! * b[i + 7]!;
  }
  return s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7;
}
