import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { byteLength, dequantize, formatLayouts, isDType, quantize, scaleFor } from "../index.ts";

/** See the README beside it. */
const golden = JSON.parse(
  readFileSync(new URL("../../fixtures/scaled-formats/golden.json", import.meta.url), "utf8"),
) as Record<"e4m3" | "e2m1" | "numbers" | "toE4m3" | "toE2m1", (number | null)[]>;

const numbers = Float32Array.from(golden.numbers as number[]);

describe("fp8_e4m3", () => {
  test("is decoded to the values that NVIDIA's own code gives, all 256", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const expected = golden.e4m3.map((value) => value ?? Number.NaN);
    expect([...dequantize("fp8_e4m3", bytes)]).toEqual(expected);
    expect([...dequantize("fp8_e4m3", bytes, 0.25)]).toEqual(expected.map((value) => value / 4));
  });

  test("is rounded to as NVIDIA's own code rounds, ties to even", () => {
    expect([...quantize("fp8_e4m3", numbers)]).toEqual(golden.toE4m3);
    const scaled = numbers.map((value) => value * 8);
    expect([...quantize("fp8_e4m3", scaled, 8)]).toEqual(golden.toE4m3);
  });

  test("holds the largest value of a tensor exactly at the tensor's scale", () => {
    const scale = scaleFor("fp8_e4m3", 3.7);
    expect(scale).toBe(Math.fround(3.7 / 448));
    expect([...quantize("fp8_e4m3", Float32Array.of(3.7, -3.7, 0), scale)]).toEqual([0x7e, 0xfe, 0]);
  });
});

describe("nvfp4", () => {
  test("is a scale and sixteen nibbles, low half first", () => {
    // 0x38 is 1, 0x44 is 3, 0xb8 is −1; the nibbles of byte j are 2j and 2j + 1 here.
    const nibbles = [0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe];
    const e2m1 = golden.e2m1 as number[];
    for (const [byte, d] of [
      [0x38, 1],
      [0x44, 3],
      [0xb8, -1],
      [0x01, 2 ** -9],
    ] as const) {
      const decoded = dequantize("nvfp4", Uint8Array.of(byte, ...nibbles), 0.5);
      // The table of NVIDIA's has a negative zero, ggml's and ours has not.
      expect([...decoded].map((value) => value + 0)).toEqual(e2m1.map((value) => 0.5 * d * value + 0));
    }
    expect(byteLength({ shape: [2, 48], format: "nvfp4" })).toBe(2 * 3 * 9);
  });

  test("rounds as NVIDIA's own code does, ties to even, where the block's scale is one", () => {
    const small = numbers.filter((value) => Math.abs(value) <= 6);
    const codes = golden.toE2m1.filter((_, i) => Math.abs(numbers[i]!) <= 6) as number[];
    for (let at = 0; at + 15 <= small.length; at += 15) {
      // A six makes the block's scale e4m3(6 / 6) = 1.
      const block = quantize("nvfp4", Float32Array.of(6, ...small.subarray(at, at + 15)));
      const nibbles = [...block.subarray(1)].flatMap((byte) => [byte & 15, byte >>> 4]);
      expect([block[0], ...nibbles]).toEqual([0x38, 7, ...codes.slice(at, at + 15)]);
    }
  });

  test("of a block whose scale would vanish keeps what the smallest scale can hold", () => {
    const scale = scaleFor("nvfp4", 2688);
    expect(scale).toBe(1);
    const values = new Float32Array(32);
    values[3] = 2688;
    values[20] = 2 ** -9;
    const decoded = dequantize("nvfp4", quantize("nvfp4", values, scale), scale);
    expect([decoded[3], decoded[20]]).toEqual([2688, 2 ** -9]);
    expect(decoded.filter((value) => value !== 0)).toHaveLength(2);
  });

  test("is off by no more than its steps allow", () => {
    const values = Float32Array.from({ length: 512 }, (_, i) => Math.sin(i * i) * 0.05);
    const scale = scaleFor("nvfp4", Math.max(...values.map(Math.abs)));
    const decoded = dequantize("nvfp4", quantize("nvfp4", values, scale), scale);
    for (let i = 0; i < values.length; i++) {
      const block = values.subarray(i - (i % 16), i - (i % 16) + 16);
      // Half of the widest step, from 4 to 6 of 6, and the block scale's own 4 bits.
      const bound = Math.max(...block.map(Math.abs)) * (1 / 6 + 1 / 16);
      expect(Math.abs(decoded[i]! - values[i]!)).toBeLessThanOrEqual(bound);
    }
  });
});

describe.each(["fp8_e4m3", "nvfp4"] as const)("%s", (format) => {
  const { valuesPerBlock, bytesPerBlock } = formatLayouts[format];

  test("is no dtype", () => expect(isDType(format)).toBe(false));

  test("keeps zeros, and a tensor of nothing else has a scale of one", () => {
    expect(scaleFor(format, 0)).toBe(1);
    expect(quantize(format, new Float32Array(16))).toEqual(
      new Uint8Array((16 / valuesPerBlock) * bytesPerBlock),
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1e5])("refuses %f, saying where", (value) => {
    const bad = new Float32Array(32);
    bad[17] = value;
    expect(() => quantize(format, bad)).toThrow(
      expect.objectContaining({
        code: "VALUE_UNQUANTIZABLE",
        message: expect.stringMatching(/Value 17 of 32/),
      }),
    );
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("refuses a scale of %f", (scale) => {
    const refusal = expect.objectContaining({ code: "SCALE_INVALID" });
    expect(() => quantize(format, new Float32Array(16), scale)).toThrow(refusal);
    expect(() => dequantize(format, new Uint8Array(bytesPerBlock), scale)).toThrow(refusal);
  });
});

test("a scale is refused where a format has none", () => {
  expect(() => dequantize("bf16", new Uint8Array(2), 0.5)).toThrow(/bf16 has no scale of its own, but 0.5/);
  expect(() => quantize("q8_0", new Float32Array(32), 2)).toThrow(/q8_0 has no scale/);
});
