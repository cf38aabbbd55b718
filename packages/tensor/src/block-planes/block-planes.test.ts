import { describe, expect, test } from "vitest";
import { blockPlanes, dequantize, f16ToF32, formatLayouts, quantize } from "../index.ts";

const values = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(i * i));

describe("blockPlanes", () => {
  test("of q8_0 are the bytes of all values, then all scales", () => {
    const stored = quantize("q8_0", values(2 * 96));
    const { rowBytes, scalesAt, highAt, blocksAt, pack } = blockPlanes("q8_0", 96);
    expect([highAt, scalesAt, blocksAt, rowBytes]).toEqual([96, 96, 112, 112]);
    const packed = pack(stored);
    expect(packed.byteLength).toBe(2 * rowBytes);
    const view = new DataView(packed.buffer);
    const decoded = Float32Array.from({ length: 2 * 96 }, (_, i) => {
      const [row, column] = [Math.floor(i / 96), i % 96];
      const d = f16ToF32(view.getUint16(row * rowBytes + scalesAt + 2 * Math.floor(column / 32), true));
      return d * view.getInt8(row * rowBytes + column);
    });
    expect(decoded).toEqual(dequantize("q8_0", stored));
  });

  test("of nibbles have four values in the low halves of a word's bytes, and the next four in the high ones", () => {
    const stored = Uint8Array.of(0, 0, ...Array.from({ length: 16 }, (_, j) => j | (((j + 1) % 16) << 4)));
    const words = new Uint32Array(blockPlanes("q4_0", 32).pack(stored).buffer);
    expect(words[0]).toBe(0x73625140);
    expect(words[1]).toBe(0xfbead9c8);
  });

  test("of nvfp4 may end within 32 values, and have a scale byte for each sixteen", () => {
    const stored = Uint8Array.of(
      ...[0x11, 0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe],
      ...[0x22, 1, 0, 0, 0, 0, 0, 0, 0xf0],
      ...[0x33, 0, 0, 0, 0, 0, 0, 0, 2],
    );
    const { scalesAt, rowBytes, pack } = blockPlanes("nvfp4", 48);
    const packed = pack(stored);
    expect([scalesAt, rowBytes, packed.byteLength]).toEqual([32, 48, 48]);
    expect([...packed.subarray(32)]).toEqual([0x11, 0x22, 0x33, ...Array(13).fill(0)]);
    expect([...new Uint32Array(packed.buffer, 0, 6)]).toEqual([
      0x73625140, 0xfbead9c8, 1, 0xf0000000, 0, 0x200000,
    ]);
  });

  test.each(["q4_0", "q5_1", "q6_k"] as const)("of %s begin at whole vectors, in order", (format) => {
    const columns = formatLayouts[format].valuesPerBlock * 3;
    const { highAt, scalesAt, blocksAt, rowBytes, highBits } = blockPlanes(format, columns);
    for (const at of [highAt, scalesAt, blocksAt, rowBytes]) expect(at % 16).toBe(0);
    expect(highAt).toBe(columns / 2);
    expect(scalesAt - highAt).toBe(
      (columns * highBits) / 8 + ((16 - (((columns * highBits) / 8) % 16)) % 16),
    );
    expect(rowBytes - blocksAt).toBe(format === "q6_k" ? 16 : 0);
  });
});
