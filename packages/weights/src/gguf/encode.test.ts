import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { collect, temporaryFolder } from "../../test-support/files.ts";
import { countingF32, ggufFile, key } from "../../test-support/gguf-file.ts";
import {
  encodeGguf,
  type GgufKey,
  type GgufTensorToWrite,
  openWeights,
  WeightError,
  writeGgufFile,
} from "../index.ts";

const counting = (name: string, shape: readonly number[]): GgufTensorToWrite => {
  const { data } = countingF32(name, shape);
  return { name, shape, format: "f32", data };
};

const encoded = (tensors: readonly GgufTensorToWrite[], keys: readonly GgufKey[] = []) =>
  collect(encodeGguf(tensors, keys)) as Promise<Uint8Array<ArrayBuffer>>;

test("the bytes are those that the tests' own writer puts together", async () => {
  const blocks = new Uint8Array(3 * 34).fill(5);
  const written = await encoded(
    [counting("a", [2, 3]), { name: "b", shape: [3, 32], format: "q8_0", data: blocks }],
    [
      ["general.architecture", "string", "nemotron_h"],
      ["split.no", "u16", 3],
      ["n", "u32", 4_000_000_000],
    ],
  );
  const expected = ggufFile({
    metadata: [
      key("general.architecture", "string", "nemotron_h"),
      key("split.no", "u16", 3),
      key("n", "u32", 4_000_000_000),
    ],
    tensors: [
      { ...countingF32("a", [2, 3]), dimensions: [3, 2] },
      { name: "b", type: 8, dimensions: [32, 3], data: blocks },
    ],
  });
  expect(written.subarray(0, expected.byteLength)).toEqual(expected);
  // The last tensor is padded, too, as ggml does it.
  expect(written.byteLength).toBe(Math.ceil(expected.byteLength / 32) * 32);
});

const text = fc.string({ unit: "binary", maxLength: 20 });
const value: fc.Arbitrary<[GgufKey[1], GgufKey[2]]> = fc.oneof(
  fc.tuple(fc.constant("u8" as const), fc.integer({ min: 0, max: 255 })),
  fc.tuple(fc.constant("i16" as const), fc.integer({ min: -32768, max: 32767 })),
  fc.tuple(fc.constant("i32" as const), fc.integer()),
  fc.tuple(fc.constant("f32" as const), fc.float()),
  fc.tuple(fc.constant("f64" as const), fc.double()),
  fc.tuple(fc.constant("bool" as const), fc.boolean()),
  fc.tuple(fc.constant("string" as const), text),
  fc.tuple(fc.constant("u64" as const), fc.bigInt({ min: 2n ** 60n, max: 2n ** 64n - 1n })),
  fc.tuple(fc.constant("i64" as const), fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 60n) })),
  fc.tuple(fc.constant("string[]" as const), fc.array(text)),
  fc.tuple(fc.constant("bool[]" as const), fc.uint8Array({ max: 1 })),
  fc.tuple(fc.constant("i32[]" as const), fc.int32Array()),
  fc.tuple(fc.constant("f32[]" as const), fc.float32Array()),
);

test("keys are read back with their values and types, in their order", async () => {
  const keys = fc.uniqueArray(
    fc.tuple(text, value).map(([name, [type, value]]): GgufKey => [`k.${name}`, type, value]),
    { selector: ([name]) => name },
  );
  await fc.assert(
    fc.asyncProperty(keys, async (keys) => {
      const file = await openWeights(new Blob([await encoded([], keys)]));
      expect(file.keys).toEqual(keys);
      expect(file.metadata).toEqual(Object.fromEntries(keys.map(([name, , value]) => [name, value])));
    }),
  );
});

test("a stream is passed on piece by piece, and padded at its end", async () => {
  async function* data(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(34).fill(1);
    yield new Uint8Array(34).fill(2);
  }
  const tensors = [{ name: "s", shape: [2, 32], format: "q8_0" as const, data: data() }, counting("t", [1])];
  const pieces: number[] = [];
  for await (const piece of encodeGguf(tensors)) pieces.push(piece.byteLength);
  expect(pieces.slice(1)).toEqual([34, 34, 28, 4, 28]);
});

describe("what is refused", () => {
  test.each<[string, GgufTensorToWrite[], GgufKey[]]>([
    ["a tensor of a name that was there", [counting("a", [1]), counting("a", [1])], []],
    ["five dimensions", [counting("a", [1, 1, 1, 1, 1])], []],
    ["half a value", [{ ...counting("a", [1]), shape: [0.5] }], []],
    ["a format that ggml does not store", [{ ...counting("a", [1]), format: "u32" }], []],
    ["too few bytes", [{ ...counting("a", [1]), shape: [2] }], []],
    [
      "a key that was there",
      [],
      [
        ["k", "u8", 1],
        ["k", "u8", 1],
      ],
    ],
    ["a number too large", [], [["k", "u8", 256]]],
    ["a negative number", [], [["k", "u64", -1]]],
    ["a fraction", [], [["k", "i32", 0.5]]],
    ["a text for a number", [], [["k", "f32", "1"]]],
    ["a number for a text", [], [["k", "string[]", Int32Array.of(1)]]],
    ["one for many", [], [["k", "i32[]", 1]]],
    ["many for one", [], [["k", "i32", Int32Array.of(1)]]],
    ["a type that there is not", [], [["k", "array" as "u8", 1]]],
  ])("%s", (_, tensors, keys) => {
    expect(() => encodeGguf(tensors, keys)).toThrow(
      expect.objectContaining({ name: "WeightError", code: "WEIGHT_WRITE_INVALID" }),
    );
  });

  test("a row that is no whole block", () => {
    const tensor = { name: "a", shape: [2, 16], format: "q8_0" as const, data: new Uint8Array(34) };
    expect(() => encodeGguf([tensor])).toThrow(expect.objectContaining({ code: "ROW_INCOMPLETE" }));
  });

  test.each([4, 12])("a stream of %i bytes where there should be 8", async (bytes) => {
    async function* data(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(bytes);
    }
    await expect(collect(encodeGguf([{ ...counting("a", [2]), data: data() }]))).rejects.toThrow(WeightError);
  });
});

test("a file appears when it is complete, or not at all", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "m.gguf");
  await writeGgufFile(path, [counting("a", [3])], { metadata: [["k", "string", "v"]] });
  expect(new Uint8Array(await readFile(path))).toEqual(
    await encoded([counting("a", [3])], [["k", "string", "v"]]),
  );
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(4);
    throw new Error("the model stopped");
  }
  const other = join(folder.path, "n.gguf");
  await expect(writeGgufFile(other, [{ ...counting("a", [2]), data: failing() }])).rejects.toThrow("stopped");
  expect(await readdir(folder.path)).toEqual(["m.gguf"]);
});
