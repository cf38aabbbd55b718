import { byteLength, elementCount, type Format, quantize } from "@krait/tensor";
import { Random } from "@krait/testing";

/** How many values are really drawn for a matrix, unless told. */
const POOL_VALUES = 1 << 21;

/**
 * Weights that keep activations finite and of the size that trained ones give them. Matrices are stitched
 * together from stretches of a few drawn rows: right for speed, and of no use for quality.
 */
export class RandomWeights {
  readonly #random: Random;
  readonly #pools = new Map<string, Uint8Array>();
  readonly #poolValues: number;

  constructor(seed: number, poolValues: number = POOL_VALUES) {
    this.#random = new Random(seed);
    this.#poolValues = poolValues;
  }

  /** Rows of a matrix, of deviation 1 / √columns, in pieces. */
  async *matrix([rows, columns]: readonly [number, number], format: Format): AsyncGenerator<Uint8Array> {
    const pool = this.#pool(columns, format);
    const rowBytes = byteLength({ shape: [1, columns], format });
    const poolRows = pool.byteLength / rowBytes;
    for (let row = 0; row < rows; ) {
      const start = this.#random.integer(0, poolRows);
      const count = Math.min(poolRows - start, rows - row);
      yield pool.subarray(start * rowBytes, (start + count) * rowBytes);
      row += count;
    }
  }

  /** What the Program calls by this name and is no matrix. */
  vector(name: string, shape: readonly number[]): Float32Array {
    const count = elementCount(shape);
    switch (name.split(".").at(-1)) {
      case "a":
        return this.#random.uniform(count, -16, -1);
      case "dtBias":
        // What softplus turns into steps of 0.001 to 0.1.
        return this.#random.uniform(count, -6.9, -2.3);
      case "conv":
        return this.#random.uniform(count, -0.5, 0.5);
      case "convBias":
        return this.#random.uniform(count, -0.1, 0.1);
      default:
        return this.#random.uniform(count, 0.9, 1.1);
    }
  }

  #pool(columns: number, format: Format): Uint8Array {
    const key = `${format} ${columns}`;
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      const rows = Math.ceil(this.#poolValues / columns);
      pool = quantize(format, this.#random.normal(rows * columns, 1 / Math.sqrt(columns)));
      this.#pools.set(key, pool);
    }
    return pool;
  }
}
