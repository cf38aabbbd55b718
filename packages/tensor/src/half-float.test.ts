import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16, roundToBf16, roundToF16 } from "./half-float.ts";

/**
 * All values from 0 up to and with infinity, by their codes: each is the one before plus the spacing there,
 * which doubles with every power of two. (The value after the largest finite one would be 2^(bias + 1).)
 */
function positiveValues(exponents: number, fractions: number, bias: number): number[] {
  const values = [0];
  for (let exponent = 0; exponent < exponents; exponent++) {
    const spacing = 2 ** (Math.max(exponent, 1) - bias) / fractions;
    for (let fraction = 0; fraction < fractions; fraction++) values.push(values.at(-1)! + spacing);
  }
  return values;
}

const single = new DataView(new ArrayBuffer(4));
/** The next f32 away from zero (`step` 1) or towards it (−1). */
function neighbour(value: number, step: 1 | -1): number {
  single.setFloat32(0, value);
  single.setUint32(0, single.getUint32(0) + step);
  return single.getFloat32(0);
}

describe.each([
  {
    name: "f16",
    widen: f16ToF32,
    narrow: f32ToF16,
    round: roundToF16,
    exponents: 31,
    fractions: 1024,
    bias: 15,
  },
  {
    name: "bf16",
    widen: bf16ToF32,
    narrow: f32ToBf16,
    round: roundToBf16,
    exponents: 255,
    fractions: 128,
    bias: 127,
  },
])("$name", ({ widen, narrow, round, exponents, fractions, bias }) => {
  const infinity = exponents * fractions;
  const values = positiveValues(exponents, fractions, bias);

  test("every code has its value", () => {
    for (let code = 0; code < infinity; code++) {
      if (widen(code) !== values[code]) expect.fail(`${code} is ${widen(code)}, expected ${values[code]}`);
      if (widen(code | 0x8000) !== -values[code]!) expect.fail(`${code | 0x8000} is ${widen(code | 0x8000)}`);
    }
    expect(Object.is(widen(0x8000), -0)).toBe(true);
    expect([widen(infinity), widen(infinity | 0x8000)]).toEqual([Infinity, -Infinity]);
    for (let code = infinity + 1; code < 0x8000; code++) {
      if (!Number.isNaN(widen(code)) || !Number.isNaN(widen(code | 0x8000)))
        expect.fail(`${code} is a number`);
    }
  });

  test("every value that it holds narrows to its own code, and NaN stays NaN", () => {
    for (let code = 0; code < 0x10000; code++) {
      const value = widen(code);
      const back = narrow(value);
      if (Number.isNaN(value)) expect(Number.isNaN(widen(back))).toBe(true);
      else if (back !== code) expect.fail(`${value} narrows to ${back}, expected ${code}`);
    }
  });

  test("halfway between two values narrows to the even one, and a little off to the nearer one", () => {
    for (let code = 0; code < infinity; code++) {
      const middle = (values[code]! + values[code + 1]!) / 2;
      const cases: [number, number][] = [
        [middle, code % 2 === 0 ? code : code + 1],
        [neighbour(middle, -1), code],
        [neighbour(middle, 1), code + 1],
      ];
      for (const [value, expected] of cases) {
        if (narrow(value) !== expected)
          expect.fail(`${value} narrows to ${narrow(value)}, expected ${expected}`);
        if (narrow(-value) !== (expected | 0x8000)) expect.fail(`${-value} narrows to ${narrow(-value)}`);
      }
    }
  });

  test("any f32 rounds to a nearest value", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const size = Math.abs(value);
        let low = 0;
        for (let high = infinity; high - low > 1; ) {
          const middle = (low + high) >> 1;
          if (values[middle]! <= size) low = middle;
          else high = middle;
        }
        const distance = Math.min(size - values[low]!, Math.abs(values[low + 1]! - size));
        const rounded = Math.abs(round(value));
        const actual = Math.abs((rounded === Infinity ? values[infinity]! : rounded) - size);
        // Whatever is past the value after the largest finite one is infinity, however far.
        if (size >= values[infinity]!) expect(rounded).toBe(Infinity);
        else expect(actual).toBe(distance);
        expect(Object.is(Math.sign(round(value)), Math.sign(value)) || round(value) === 0).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});
