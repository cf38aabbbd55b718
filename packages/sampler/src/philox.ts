// Philox4x32-10, a counter-based random number generator: random words are a function of a key and
// a counter, so any number of a sequence can be made without the ones before it.
//
//   one round   (c0, c1, c2, c3) → (high(M1·c2) ^ c1 ^ k0, low(M1·c2), high(M0·c0) ^ c3 ^ k1, low(M0·c0))
//   ten rounds; between two of them k0 += W0 and k1 += W1, all modulo 2³²
//
// Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011 (doi:10.1145/2063384.2063405).

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9; // golden ratio
const W1 = 0xbb67ae85; // √3 − 1
const ROUNDS = 10;

export type PhiloxCounter = readonly [number, number, number, number];
export type PhiloxKey = readonly [number, number];

/** Four random words of 32 bits for a counter and a key, whose words are taken modulo 2³². */
export function philox4x32(counter: PhiloxCounter, key: PhiloxKey): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const low0 = Math.imul(M0, c0);
    const high0 = multiplyHigh(M0, c0);
    const low1 = Math.imul(M1, c2);
    const high1 = multiplyHigh(M1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + W0) | 0;
    k1 = (k1 + W1) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** The upper 32 bits of the 64-bit product of two words. Every sum here stays below 2³². */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const upper = aHigh * bLow + ((aLow * bLow) >>> 16);
  const lower = aLow * bHigh + (upper & 0xffff);
  return aHigh * bHigh + (upper >>> 16) + (lower >>> 16);
}
