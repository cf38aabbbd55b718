import { expect, test } from "vitest";
import { fileWithHeader } from "../../test-support/files.ts";
import { weightErrorOf } from "../../test-support/weight-error-of.ts";
import { openWeights, type WeightError } from "../index.ts";

/** Opens a file with this header and so many bytes of data, and returns the error that must come. */
async function errorFor(header: string, dataBytes: number): Promise<WeightError> {
  return await errorOf(fileWithHeader(header, dataBytes));
}

async function errorOf(bytes: Uint8Array<ArrayBuffer>): Promise<WeightError> {
  const file = new File([bytes], "hostile.safetensors");
  const error = await weightErrorOf(openWeights(file));
  expect(error.file).toBe("hostile.safetensors");
  expect(error.message).toContain("hostile.safetensors");
  expect(error.message.length).toBeLessThan(600);
  return error;
}

function entry(dtype: unknown, shape: unknown, offsets: unknown): string {
  return JSON.stringify({ dtype, shape, data_offsets: offsets });
}

/** A file that claims a header of this length. */
function claiming(headerLength: bigint): Uint8Array<ArrayBuffer> {
  const file = fileWithHeader('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1);
  new DataView(file.buffer).setBigUint64(0, headerLength, true);
  return file;
}

test.each([0, 1, 7])("a file of %i bytes is truncated", async (bytes) => {
  expect(await errorOf(new Uint8Array(bytes))).toMatchObject({
    code: "WEIGHT_FILE_TRUNCATED",
    expected: 8,
    actual: bytes,
  });
});

test("a header longer than the file is not waited for", async () => {
  const file = claiming(1000n);
  const expected = { code: "WEIGHT_FILE_TRUNCATED", expected: 1008, actual: file.byteLength };
  expect(await errorOf(file)).toMatchObject(expected);
});

test.each([100_000_001n, 2n ** 53n + 1n, 2n ** 64n - 1n])(
  "a header of %i bytes is refused unread",
  async (length) => {
    const expected = { code: "WEIGHT_HEADER_INVALID", expected: 100_000_000, actual: length };
    expect(await errorOf(claiming(length))).toMatchObject(expected);
  },
);

test.each([
  ["no JSON", "{"],
  ["an empty header", ""],
  ["only spaces", "    "],
  ["a list", "[]"],
  ["a number", "1"],
  ["null", "null"],
  ["space before the first brace", " {}"],
  ["a byte order mark", "\ufeff{}"],
  ["text after the last brace", "{} x"],
  ["a NUL after the last brace", "{}\0"],
  ["deep nesting", `{"a":${"[".repeat(50_000)}`],
  ["metadata that is a list", '{"__metadata__":[]}'],
  ["metadata that is null", '{"__metadata__":null}'],
  ["metadata with a number", '{"__metadata__":{"a":1}}'],
])("%s is not a header", async (_, header) => {
  expect((await errorFor(header, 0)).code).toBe("WEIGHT_HEADER_INVALID");
});

test("a header that is not UTF-8 is refused", async () => {
  const file = fileWithHeader('{"é":1}', 0);
  file[file.indexOf(0xc3)] = 0xff;
  expect((await errorOf(file)).code).toBe("WEIGHT_HEADER_INVALID");
});

test("a repeated name is found, though JSON.parse hides it", async () => {
  const tensor = entry("U8", [1], [0, 1]);
  const error = await errorFor(`{"layers.0":${tensor},"layers.0":${tensor}}`, 1);
  expect(error).toMatchObject({ code: "WEIGHT_HEADER_INVALID", tensor: "layers.0" });
});

test.each([
  ["a dtype that nobody knows", entry("F12", [1], [0, 1]), "WEIGHT_DTYPE_UNSUPPORTED", "F12"],
  ["a dtype in lower case", entry("f32", [1], [0, 4]), "WEIGHT_DTYPE_UNSUPPORTED", "f32"],
  [
    "a dtype that is a method of objects",
    entry("toString", [1], [0, 4]),
    "WEIGHT_DTYPE_UNSUPPORTED",
    "toString",
  ],
  ["no dtype", "{}", "WEIGHT_DTYPE_UNSUPPORTED", undefined],
  ["an entry that is null", "null", "WEIGHT_DTYPE_UNSUPPORTED", undefined],
  ["an entry that is a number", "7", "WEIGHT_DTYPE_UNSUPPORTED", undefined],
  ["a shape that is a number", entry("U8", 1, [0, 1]), "WEIGHT_SHAPE_INVALID", 1],
  ["a negative dimension", entry("U8", [-1, -1], [0, 1]), "WEIGHT_SHAPE_INVALID", [-1, -1]],
  ["a fractional dimension", entry("U8", [0.5, 2], [0, 1]), "WEIGHT_SHAPE_INVALID", [0.5, 2]],
  ["a dimension that is text", entry("U8", ["1"], [0, 1]), "WEIGHT_SHAPE_INVALID", ["1"]],
  ["a dimension beyond exact numbers", entry("U8", [2 ** 53], [0, 1]), "WEIGHT_SHAPE_INVALID", [2 ** 53]],
  ["a product beyond exact numbers", entry("U8", [2 ** 40, 2 ** 40], [0, 1]), "WEIGHT_SHAPE_INVALID", 1],
  ["an overflow hidden by a zero", entry("U8", [2 ** 40, 2 ** 40, 0], [0, 0]), "WEIGHT_SHAPE_INVALID", 0],
  ["more bytes than the shape has", entry("F32", [2, 3], [0, 25]), "WEIGHT_SHAPE_INVALID", 25],
  ["fewer bytes than the shape has", entry("F32", [2, 3], [0, 20]), "WEIGHT_SHAPE_INVALID", 20],
  ["half a byte", entry("F4", [3], [0, 2]), "WEIGHT_SHAPE_INVALID", 2],
  ["no offsets", entry("U8", [1], undefined), "WEIGHT_OFFSETS_INVALID", undefined],
  ["one offset", entry("U8", [1], [1]), "WEIGHT_OFFSETS_INVALID", [1]],
  ["three offsets", entry("U8", [1], [0, 1, 2]), "WEIGHT_OFFSETS_INVALID", [0, 1, 2]],
  ["offsets in reverse", entry("U8", [1], [1, 0]), "WEIGHT_OFFSETS_INVALID", [1, 0]],
  ["a negative offset", entry("U8", [2], [-1, 1]), "WEIGHT_OFFSETS_INVALID", [-1, 1]],
])("an entry with %s is refused by name", async (_, text, code, actual) => {
  const error = await errorFor(`{"layers.3.norm":${text}}`, 25);
  expect(error).toMatchObject({ code, tensor: "layers.3.norm", actual });
  expect(error.message).toContain('"layers.3.norm"');
});

test("the bytes that a shape needs are in the error", async () => {
  const error = await errorFor(`{"a":${entry("BF16", [3, 5], [0, 31])}}`, 31);
  expect(error).toMatchObject({ expected: 30, actual: 31 });
});

const header =
  '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[B]}}';

test.each([
  ["overlap", "3,7", 8, "WEIGHT_OFFSETS_INVALID", "b", "overlaps"],
  ["lie in one place", "0,4", 4, "WEIGHT_OFFSETS_INVALID", "b", "overlaps"],
  ["leave a hole", "5,9", 9, "WEIGHT_OFFSETS_INVALID", "b", "hole"],
  ["reach beyond the end", "4,8", 7, "WEIGHT_FILE_TRUNCATED", "b", "ends at byte"],
  ["end before the file does", "4,8", 9, "WEIGHT_OFFSETS_INVALID", undefined, "end at byte"],
])("tensors that %s are refused", async (_, offsets, dataBytes, code, tensor, words) => {
  const error = await errorFor(header.replace("B", offsets), dataBytes);
  expect(error).toMatchObject({ code, tensor });
  expect(error.message).toContain(words);
});

test("an empty tensor may lie where another starts, in any order", async () => {
  const header = `{"full":${entry("U8", [4], [0, 4])},"empty":${entry("U8", [0], [0, 0])}}`;
  const weights = await openWeights(new Blob([fileWithHeader(header, 4)]));
  expect([...weights.tensors.keys()]).toEqual(["empty", "full"]);
});

test("a name of a megabyte does not make a message of a megabyte", async () => {
  const error = await errorFor(`{"${"x".repeat(1_000_000)}":${entry("F12", [1], [0, 1])}}`, 1);
  expect(error.tensor).toHaveLength(1_000_000);
});
