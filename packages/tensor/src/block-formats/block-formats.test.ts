import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  type BlockFormat,
  byteLength,
  dequantize,
  type Format,
  formatLayouts,
  isDType,
  isScaled,
} from "../index.ts";

/** See the README beside it. */
const { formats } = JSON.parse(
  readFileSync(new URL("../../fixtures/block-formats/golden.json", import.meta.url), "utf8"),
) as { formats: Record<BlockFormat, { blocks: string; values: string }> };

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(base64, "base64"));

test("ggml has decoded blocks of every block format", () => {
  const blockFormats = (Object.keys(formatLayouts) as Format[]).filter((f) => !isDType(f) && !isScaled(f));
  expect(Object.keys(formats).sort()).toEqual(blockFormats.sort());
});

describe.each(Object.keys(formats) as BlockFormat[])("%s", (format) => {
  const blocks = bytesOf(formats[format].blocks);
  const values = new Float32Array(bytesOf(formats[format].values).buffer);

  test("is decoded to the values that ggml's own code gives, bit for bit", () => {
    const decoded = dequantize(format, blocks);
    expect(decoded).toHaveLength(values.length);
    expect(new Uint32Array(decoded.buffer)).toEqual(new Uint32Array(values.buffer));
  });

  test("has as many bytes as ggml's blocks", () => {
    expect(byteLength({ shape: [values.length], format })).toBe(blocks.byteLength);
    expect(byteLength({ shape: [3, 2, values.length], format })).toBe(6 * blocks.byteLength);
  });

  test("is decoded at any alignment, and alike when a row is cut between blocks", () => {
    const { bytesPerBlock, valuesPerBlock } = formatLayouts[format];
    const shifted = new Uint8Array(blocks.byteLength + 1);
    shifted.set(blocks, 1);
    expect(dequantize(format, shifted.subarray(1))).toEqual(values);
    expect(dequantize(format, blocks.subarray(bytesPerBlock))).toEqual(values.subarray(valuesPerBlock));
  });

  test("is refused where bytes or a row do not end with a block", () => {
    expect(() => dequantize(format, blocks.subarray(1))).toThrow(
      expect.objectContaining({ code: "BYTES_INCOMPLETE" }),
    );
    expect(() => byteLength({ shape: [2, 16], format })).toThrow(
      expect.objectContaining({ code: "ROW_INCOMPLETE", message: expect.stringContaining(format) }),
    );
  });
});
