import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BlockFormat, dequantize, formatLayouts, quantize } from "./index.ts";

/** See the README beside it. */
const golden = JSON.parse(
  readFileSync(new URL("../fixtures/block-formats/quantized.json", import.meta.url), "utf8"),
) as { values: string; blocks: Record<BlockFormat, string> };

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(base64, "base64"));
const values = new Float32Array(bytesOf(golden.values).buffer);
const blockFormats = Object.keys(golden.blocks) as BlockFormat[];

describe.each(blockFormats)("quantizing to %s", (format) => {
  const { valuesPerBlock, bytesPerBlock } = formatLayouts[format];

  test("gives ggml's blocks, bit for bit", () => {
    const blocks = quantize(format, values);
    const expected = bytesOf(golden.blocks[format]);
    for (let at = 0; at < expected.byteLength; at += bytesPerBlock) {
      const first = (at / bytesPerBlock) * valuesPerBlock;
      expect([first, blocks.subarray(at, at + bytesPerBlock)]).toEqual([
        first,
        expected.subarray(at, at + bytesPerBlock),
      ]);
    }
    expect(blocks.byteLength).toBe(expected.byteLength);
  });

  test("treats each block by itself", () => {
    const order = fc.shuffledSubarray(Array.from({ length: values.length / valuesPerBlock }, (_, i) => i));
    const whole = quantize(format, values);
    fc.assert(
      fc.property(order, (order) => {
        const some = new Float32Array(order.length * valuesPerBlock);
        order.forEach((block, i) => {
          const start = block * valuesPerBlock;
          some.set(values.subarray(start, start + valuesPerBlock), i * valuesPerBlock);
        });
        const blocks = quantize(format, some);
        order.forEach((block, i) => {
          const expected = whole.subarray(block * bytesPerBlock, (block + 1) * bytesPerBlock);
          expect(blocks.subarray(i * bytesPerBlock, (i + 1) * bytesPerBlock)).toEqual(expected);
        });
      }),
      { numRuns: 20 },
    );
  });

  test("refuses values that end within a block", () => {
    expect(() => quantize(format, new Float32Array(valuesPerBlock + 1))).toThrow(
      expect.objectContaining({ code: "BLOCK_INCOMPLETE", message: expect.stringContaining(format) }),
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -65536])("refuses %f, saying where", (value) => {
    const bad = new Float32Array(256);
    bad[70] = value;
    expect(() => quantize(format, bad)).toThrow(
      expect.objectContaining({
        code: "VALUE_UNQUANTIZABLE",
        message: expect.stringContaining("Value 70 of 256"),
      }),
    );
  });
});

test("of q8_0 no value is off by more than half a step, and an f16's rounding of the step", () => {
  const value = fc.double({ min: -60000, max: 60000, noNaN: true });
  fc.assert(
    fc.property(fc.array(value, { minLength: 32, maxLength: 32 }), (numbers) => {
      const block = Float32Array.from(numbers);
      const largest = Math.max(...block.map(Math.abs));
      const decoded = dequantize("q8_0", quantize("q8_0", block));
      const bound = (largest / 127) * (0.5 + 127 * 2 ** -11) + 127 * 2 ** -25;
      for (const [i, x] of block.entries()) expect(Math.abs(decoded[i]! - x)).toBeLessThanOrEqual(bound);
    }),
  );
});
