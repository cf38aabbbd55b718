import fc from "fast-check";
import { expect, test } from "vitest";
import { PIECE_BYTES, pieceByteLength } from "./piece.ts";
import { dtypeBits, type SafetensorsDType } from "./safetensors/dtype.ts";

function tensor(dtype: SafetensorsDType, shape: number[]): Parameters<typeof pieceByteLength>[0] {
  const values = shape.reduce((product, count) => product * count, 1);
  const byteLength = (values * dtypeBits[dtype]) / 8;
  return { dtype, shape, byteLength, byteOffset: 8, file: "x.safetensors", spec: undefined };
}

test.each([
  ["many rows", "BF16", [131072, 4480], 936 * 8960],
  ["a row that divides the piece", "F32", [4096, 1024], 2048 * 4096],
  ["rows of a stack", "F16", [64, 1000, 500], 8388 * 1000],
  ["a short convolution", "BF16", [10240, 1, 4], PIECE_BYTES],
  ["a vector, whose values are its rows", "F64", [5], PIECE_BYTES],
  ["a scalar", "I64", [], PIECE_BYTES],
  ["an empty tensor", "F32", [0, 7], PIECE_BYTES],
  ["a row longer than the piece", "F32", [2, 4_000_000], 16_000_000],
  ["rows that end inside a byte", "F4", [2000, 4095], 4096 * 2047.5],
] as const)("pieces of %s hold whole rows", (_, dtype, shape, expected) => {
  const bytes = pieceByteLength(tensor(dtype, [...shape]));
  expect(bytes).toBe(expected);
});

test("a row above 64 MiB is refused", () => {
  const error = { code: "WEIGHT_TOO_LARGE", file: "x.safetensors", actual: 2 ** 26 + 4 };
  expect(() => pieceByteLength(tensor("F32", [2, 2 ** 24 + 1]))).toThrow(expect.objectContaining(error));
  expect(pieceByteLength(tensor("F32", [2, 2 ** 24]))).toBe(2 ** 26);
});

test("a piece of any tensor ends at a byte and at a row", () => {
  const dtype = fc.constantFrom(...(Object.keys(dtypeBits) as SafetensorsDType[]));
  const shape = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 2, maxLength: 3 });
  fc.assert(
    fc.property(dtype, shape, (dtype, shape) => {
      const given = tensor(dtype, shape);
      fc.pre(Number.isInteger(given.byteLength));
      const bytes = pieceByteLength(given);
      expect(Number.isInteger(bytes)).toBe(true);
      expect((bytes * 8) % (shape.at(-1)! * dtypeBits[dtype])).toBe(0);
    }),
  );
});

test.each([
  ["a vector", [2 ** 25], 18],
  ["a matrix", [4096, 4096], 4096 * 0.5625],
])("pieces of %s in a block format hold whole blocks", (_, shape, unit) => {
  const byteLength = shape.reduce((product, count) => product * count, 1) * 0.5625;
  const spec = { shape, format: "q4_0" } as const;
  const bytes = pieceByteLength({ dtype: "Q4_0", shape, byteLength, byteOffset: 0, file: "x.gguf", spec });
  expect(bytes % unit).toBe(0);
  expect(bytes).toBeGreaterThan(PIECE_BYTES - unit);
  expect(bytes).toBeLessThanOrEqual(PIECE_BYTES);
});
