import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dequantize } from "./dequantize.ts";
import type { DType } from "./format.ts";
import { quantize } from "./quantize.ts";

describe("dequantize", () => {
  // Little-endian bytes, written out by hand.
  test.each<[DType, number[], number[]]>([
    ["f32", [0x00, 0x00, 0xc0, 0x3f, 0x00, 0x00, 0x00, 0xc0], [1.5, -2]],
    ["f16", [0x00, 0x3e, 0x00, 0xc0, 0x01, 0x00], [1.5, -2, 2 ** -24]],
    ["bf16", [0xc0, 0x3f, 0x00, 0xc0], [1.5, -2]],
    ["i32", [0xfe, 0xff, 0xff, 0xff], [-2]],
    ["u32", [0x00, 0x00, 0x00, 0x80], [2 ** 31]],
  ])("reads %s", (format, bytes, values) => {
    expect([...dequantize(format, Uint8Array.from(bytes))]).toEqual(values);
    expect([...quantize(format, Float32Array.from(values))]).toEqual(bytes);
  });

  test("reads bytes at any alignment", () => {
    const bytes = Uint8Array.of(99, 0x00, 0x00, 0xc0, 0x3f, 99);
    expect([...dequantize("f32", bytes.subarray(1, 5))]).toEqual([1.5]);
  });

  test("refuses bytes that end within a value", () => {
    expect(() => dequantize("f32", new Uint8Array(7))).toThrow(
      expect.objectContaining({ code: "BYTES_INCOMPLETE", message: expect.stringContaining("7 bytes") }),
    );
    expect(() => dequantize("bf16", new Uint8Array(3))).toThrow(/bf16 blocks of 2 bytes/);
  });

  test.each(["f16", "bf16"] as const)("what %s holds survives storing", (format) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const stored = bytes.subarray(0, bytes.length & ~1);
        const values = dequantize(format, stored);
        expect(dequantize(format, quantize(format, values))).toEqual(values);
      }),
    );
  });
});
