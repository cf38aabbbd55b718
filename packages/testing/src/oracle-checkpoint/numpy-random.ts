import { Pcg64 } from "./pcg64.ts";

/** Where the tail of the normal distribution begins, and the area of each of the 256 strips before it. */
const TAIL = 3.6541528853610088;
const STRIP_AREA = 0.004928673233974655;

const density = (x: number) => Math.exp(-0.5 * x * x);

/** The right edges of the strips, and what the algorithm looks up of them: numpy's ki, wi and fi. */
const edges = new Float64Array(256);
const inside = new Float64Array(256);
const scale = new Float64Array(256);
const height = new Float64Array(256);

edges[255] = TAIL;
for (let i = 254; i > 0; i--) {
  edges[i] = Math.sqrt(-2 * Math.log(STRIP_AREA / edges[i + 1]! + density(edges[i + 1]!)));
}
for (let i = 0; i < 256; i++) {
  const edge = i === 0 ? STRIP_AREA / density(TAIL) : edges[i]!;
  inside[i] = ((i === 0 ? TAIL : edges[i - 1]!) / edge) * 2 ** 52;
  scale[i] = edge / 2 ** 52;
  height[i] = density(edges[i]!);
}

/**
 * What numpy's `Generator` draws, so that a checkpoint of random weights is a seed and not megabytes.
 * Its numbers are numpy's up to the last bit of a logarithm.
 */
export class NumpyRandom {
  readonly #bits: Pcg64;

  /** @param seed - of `numpy.random.default_rng(seed)`, below 2^32. */
  constructor(seed: number) {
    this.#bits = new Pcg64(seed);
  }

  /** Uniform in [low, high). */
  uniform(count: number, low: number, high: number): Float64Array {
    return Float64Array.from({ length: count }, () => low + (high - low) * this.#unit());
  }

  standardNormal(count: number): Float64Array {
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = this.#normal();
    return values;
  }

  /** In [0, 1), of 53 bits. */
  #unit(): number {
    this.#bits.next();
    return (this.#bits.high * 2 ** 21 + (this.#bits.low >>> 11)) * 2 ** -53;
  }

  /** Marsaglia & Tsang 2000, "The Ziggurat Method for Generating Random Variables", with 52 bits. */
  #normal(): number {
    for (;;) {
      this.#bits.next();
      const { high, low } = this.#bits;
      const strip = low & 0xff;
      const sign = low & 0x100 ? -1 : 1;
      const distance = (high & 0x1fffffff) * 2 ** 23 + (low >>> 9);
      const x = distance * scale[strip]!;
      if (distance < inside[strip]!) return sign * x;
      if (strip === 0) return this.#tail(low);
      const [lower, upper] = [height[strip]!, height[strip - 1]!];
      if ((upper - lower) * this.#unit() + lower < density(x)) return sign * x;
    }
  }

  #tail(low: number): number {
    for (;;) {
      const x = -Math.log1p(-this.#unit()) / TAIL;
      const y = -Math.log1p(-this.#unit());
      if (2 * y > x * x) return low & 0x20000 ? -(TAIL + x) : TAIL + x;
    }
  }
}
