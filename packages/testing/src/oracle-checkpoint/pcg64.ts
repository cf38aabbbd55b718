// The bit generator of numpy's `default_rng(seed)`: PCG64, seeded through SeedSequence.
//
//   state ← state · multiplier + increment (mod 2^128);   output = rotateRight(high ⊕ low, state >> 122)
//
// O'Neill 2014, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for Random Number
// Generation" (XSL RR 128/64); the seeding is numpy's, after O'Neill's "Developing a seed_seq Alternative".

const MASK_64 = (1n << 64n) - 1n;
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;

export class Pcg64 {
  /** The upper and the lower half of the last output. */
  high = 0;
  low = 0;
  /** 32 bits each, the lowest first: numbers, because a BigInt for each draw takes ten times as long. */
  readonly #state = new Uint32Array(4);
  readonly #increment: Uint32Array;
  readonly #product = new Uint32Array(4);

  constructor(seed: number) {
    const [stateHigh, stateLow, incrementHigh, incrementLow] = seedWords(seed);
    this.#increment = limbs((((incrementHigh! << 64n) | incrementLow!) << 1n) | 1n);
    this.#step();
    add(this.#state, limbs((stateHigh! << 64n) | stateLow!));
    this.#step();
  }

  next(): void {
    this.#step();
    const [a, b, c, d] = this.#state as unknown as [number, number, number, number];
    const [low, high] = [a ^ c, b ^ d];
    const turn = d >>> 26;
    const [from, other] = turn < 32 ? [low, high] : [high, low];
    const bits = turn & 31;
    this.low = (bits === 0 ? from : (from >>> bits) | (other << (32 - bits))) >>> 0;
    this.high = (bits === 0 ? other : (other >>> bits) | (from << (32 - bits))) >>> 0;
  }

  #step(): void {
    multiply(this.#state, multiplier, this.#product);
    this.#state.set(this.#product);
    add(this.#state, this.#increment);
  }
}

function limbs(value: bigint): Uint32Array {
  return Uint32Array.from({ length: 4 }, (_, i) => Number((value >> BigInt(32 * i)) & 0xffffffffn));
}

const multiplier = limbs(MULTIPLIER);

function add(to: Uint32Array, term: Uint32Array): void {
  let carry = 0;
  for (let i = 0; i < 4; i++) {
    const sum = to[i]! + term[i]! + carry;
    to[i] = sum;
    carry = sum > 0xffffffff ? 1 : 0;
  }
}

/** The lowest 128 bits of a product. */
function multiply(a: Uint32Array, b: Uint32Array, product: Uint32Array): void {
  product.fill(0);
  for (let i = 0; i < 4; i++) {
    let carry = 0;
    for (let j = 0; i + j < 4; j++) {
      const low = Math.imul(a[i]!, b[j]!) >>> 0;
      const sum = product[i + j]! + low + carry;
      product[i + j] = sum;
      carry = upperHalf(a[i]!, b[j]!) + Math.floor(sum / 2 ** 32);
    }
  }
}

/** The upper 32 bits of a product of two numbers of 32 bits. */
function upperHalf(a: number, b: number): number {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  return aHigh * bHigh + Math.floor(middle / 65536) + (((middle % 65536) + aLow * bHigh) >>> 16);
}

/** Four words of 64 bits; `SeedSequence(seed).generate_state(4, uint64)` for a seed below 2^32. */
function seedWords(seed: number): bigint[] {
  const mixed = mixSeed(seed);
  let constant = 0x8b51f9dd;
  const words = Array.from({ length: 8 }, (_, i) => {
    let word = mixed[i % 4]! ^ constant;
    constant = Math.imul(constant, 0x58f38ded);
    word = Math.imul(word, constant);
    return BigInt((word ^ (word >>> 16)) >>> 0);
  });
  return [0, 2, 4, 6].map((i) => (words[i]! | (words[i + 1]! << 32n)) & MASK_64);
}

function mixSeed(seed: number): Uint32Array {
  let constant = 0x43b0d7e5;
  const hash = (value: number) => {
    let word = value ^ constant;
    constant = Math.imul(constant, 0x931e8875);
    word = Math.imul(word, constant);
    return word ^ (word >>> 16);
  };
  const pool = new Uint32Array(4);
  for (let i = 0; i < 4; i++) pool[i] = hash(i === 0 ? seed : 0);
  for (let source = 0; source < 4; source++) {
    for (let target = 0; target < 4; target++) {
      if (source === target) continue;
      const word = Math.imul(0xca01f9dd, pool[target]!) - Math.imul(0x4973f715, hash(pool[source]!));
      pool[target] = word ^ (word >>> 16);
    }
  }
  return pool;
}
