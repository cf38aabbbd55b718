import { expect, test } from "vitest";
import {
  countingF32,
  type GgufBytes,
  type GgufContent,
  ggufFile,
  key,
} from "../../test-support/gguf-file.ts";
import { weightErrorOf } from "../../test-support/weight-error-of.ts";
import { openWeights, type WeightError } from "../index.ts";
import { HeaderIncomplete, HeaderReader, MAX_HEADER_BYTES } from "./header-reader.ts";

const NAME = "hostile.gguf";

async function errorOf(bytes: Uint8Array<ArrayBuffer>): Promise<WeightError> {
  const error = await weightErrorOf(openWeights(new File([bytes], NAME)));
  expect(error.file).toBe(NAME);
  expect(error.message).toContain(NAME);
  expect(error.message.length).toBeLessThan(600);
  return error;
}

const errorFor = (content: GgufContent): Promise<WeightError> => errorOf(ggufFile(content));

/** A file whose counts of tensors and keys are these. */
function claiming(tensors: number | bigint, keys: number | bigint): Uint8Array<ArrayBuffer> {
  const file = ggufFile({ tensors: [countingF32("a", [2])] });
  const view = new DataView(file.buffer);
  view.setBigUint64(8, BigInt(tensors), true);
  view.setBigUint64(16, BigInt(keys), true);
  return file;
}

const metadata = (...write: ((bytes: GgufBytes) => GgufBytes)[]) => ({
  metadata: write.map((one) => (bytes: GgufBytes) => void one(bytes)),
});

test.each([0, 1, 4])("version %i is refused", async (version) => {
  expect(await errorFor({ version })).toMatchObject({ code: "WEIGHT_FORMAT_UNSUPPORTED", actual: version });
});

test("version 2 has the layout of version 3", async () => {
  const tensors = [countingF32("a", [3, 2])];
  const file = await openWeights(new Blob([ggufFile({ version: 2, tensors })]));
  expect(file.tensors.get("a")).toMatchObject({ shape: [2, 3], dtype: "F32" });
});

test("the other byte order is named", async () => {
  const error = await errorFor({ version: 0x03000000 });
  expect(error).toMatchObject({ code: "WEIGHT_FORMAT_UNSUPPORTED" });
  expect(error.message).toContain("big-endian");
});

test("a file that starts otherwise is not taken for GGUF", async () => {
  const file = ggufFile({});
  file[3] = 0x58;
  expect((await errorOf(file)).code).toBe("WEIGHT_HEADER_INVALID");
});

test.each([4, 8, 23])("a file of %i bytes is truncated", async (length) => {
  const error = await errorOf(ggufFile({}).slice(0, length));
  expect(error).toMatchObject({ code: "WEIGHT_FILE_TRUNCATED", expected: 24, actual: length });
});

test.each([65_537, 2 ** 40, 2n ** 64n - 1n])("%s tensors or keys are refused uncounted", async (count) => {
  const expected = { code: "WEIGHT_HEADER_INVALID", expected: 65_536, actual: Number(count) };
  expect(await errorOf(claiming(count, 0))).toMatchObject(expected);
  expect(await errorOf(claiming(1, count))).toMatchObject(expected);
});

test.each([
  ["a key", metadata((bytes) => bytes.u64(2n ** 60n).bytes(new Uint8Array(9)))],
  [
    "a value",
    metadata((bytes) =>
      bytes
        .text("name")
        .u32(8)
        .u64(2n ** 60n),
    ),
  ],
  [
    "a text in an array",
    metadata((bytes) =>
      bytes
        .text("name")
        .u32(9)
        .u32(8)
        .u64(1)
        .u64(2n ** 60n),
    ),
  ],
  [
    "an array of texts",
    metadata((bytes) =>
      bytes
        .text("name")
        .u32(9)
        .u32(8)
        .u64(2n ** 60n),
    ),
  ],
  [
    "an array of numbers",
    metadata((bytes) =>
      bytes
        .text("name")
        .u32(9)
        .u32(12)
        .u64(2n ** 60n),
    ),
  ],
  [
    "an array of bytes",
    metadata((bytes) =>
      bytes
        .text("name")
        .u32(9)
        .u32(0)
        .u64(2n ** 64n - 1n),
    ),
  ],
])("%s of 2⁶⁰ bytes costs nothing", async (_, content) => {
  expect(await errorFor(content)).toMatchObject({ code: "WEIGHT_HEADER_INVALID", expected: 100_000_000 });
});

test.each([
  ["a text", metadata((bytes) => bytes.text("name").u32(8).u64(5000))],
  ["an array", metadata((bytes) => bytes.text("name").u32(9).u32(4).u64(5000))],
  ["an array of texts", metadata((bytes) => bytes.text("name").u32(9).u32(8).u64(5000))],
])("%s longer than the file is not waited for", async (_, content) => {
  const error = await errorFor(content);
  expect(error).toMatchObject({ code: "WEIGHT_FILE_TRUNCATED", actual: ggufFile(content).byteLength });
  expect(error.expected).toBeGreaterThan(5000);
});

test.each([
  ["a value type that there is not", metadata((bytes) => bytes.text("name").u32(13)), "13"],
  ["an array of such", metadata((bytes) => bytes.text("name").u32(9).u32(99).u64(0)), "99"],
  ["an array of arrays", metadata((bytes) => bytes.text("name").u32(9).u32(9).u64(1)), "arrays"],
  ["a boolean of 2", metadata((bytes) => bytes.text("name").u32(7).u8(2)), "boolean"],
  ["text that is not UTF-8", metadata((bytes) => bytes.text("name").u32(8).u64(1).u8(0xff)), "UTF-8"],
  [
    "a key that appears twice",
    metadata(
      (bytes) => bytes.text("name").u32(0).u8(1),
      (bytes) => bytes.text("name").u32(0).u8(1),
    ),
    "twice",
  ],
  ["an alignment of 0", { metadata: [key("general.alignment", "u32", 0)] }, "power of two"],
  ["an alignment of 48", { metadata: [key("general.alignment", "u32", 48)] }, "power of two"],
  ["an alignment that is text", { metadata: [key("general.alignment", "string", "32")] }, "power of two"],
])("metadata with %s are refused", async (_, content, words) => {
  const error = await errorFor(content);
  expect(error.code).toBe("WEIGHT_HEADER_INVALID");
  expect(error.message).toContain(words);
  expect(error.message).toMatch(/"name"|"general.alignment"/);
});

const data = new Uint8Array(128);

test.each([
  ["five dimensions", { dimensions: [1, 1, 1, 1, 1], type: 0 }, "WEIGHT_SHAPE_INVALID", 5],
  ["a type that was retired", { dimensions: [32], type: 4 }, "WEIGHT_DTYPE_UNSUPPORTED", 4],
  ["a type of the future", { dimensions: [32], type: 4000000000 }, "WEIGHT_DTYPE_UNSUPPORTED", 4000000000],
  ["a row of half a block", { dimensions: [16, 2], type: 2 }, "WEIGHT_SHAPE_INVALID", [2, 16]],
  ["a row that is no K-quant block", { dimensions: [4480, 2], type: 12 }, "WEIGHT_SHAPE_INVALID", [2, 4480]],
  [
    "a dimension beyond exact numbers",
    { dimensions: [2n ** 60n], type: 0 },
    "WEIGHT_SHAPE_INVALID",
    [2 ** 60],
  ],
  [
    "a product beyond exact numbers",
    { dimensions: [2 ** 40, 2 ** 40], type: 0 },
    "WEIGHT_SHAPE_INVALID",
    [2 ** 40, 2 ** 40],
  ],
  [
    "an overflow hidden by a zero",
    { dimensions: [0, 2 ** 40, 2 ** 40], type: 0 },
    "WEIGHT_SHAPE_INVALID",
    [2 ** 40, 2 ** 40, 0],
  ],
  ["an offset that is not aligned", { dimensions: [2], type: 0, offset: 33 }, "WEIGHT_OFFSETS_INVALID", 33],
])("a tensor with %s is refused by name", async (_, tensor, code, actual) => {
  const error = await errorFor({ tensors: [{ name: "blk.3.ffn_up", data, ...tensor }] });
  expect(error).toMatchObject({ code, tensor: "blk.3.ffn_up" });
  expect(error.actual).toEqual(actual);
  expect(error.message).toContain('"blk.3.ffn_up"');
});

test.each([
  ["beyond the end", 2 ** 20, "WEIGHT_FILE_TRUNCATED"],
  ["beyond exact numbers", 2 ** 60, "WEIGHT_FILE_TRUNCATED"],
  ["into the tensor before", 32, "WEIGHT_OFFSETS_INVALID"],
  ["onto the tensor before", 0, "WEIGHT_OFFSETS_INVALID"],
])("an offset %s is refused", async (_, offset, code) => {
  const a = countingF32("a", [16]);
  expect(await errorFor({ tensors: [a, { ...countingF32("b", [16]), offset }] })).toMatchObject({
    code,
    tensor: "b",
  });
});

test("tensors that overlap by a byte are refused, where the alignment lets them", async () => {
  const bytes = (name: string, offset: number) => ({
    name,
    dimensions: [4],
    type: 24,
    data: new Uint8Array(4),
    offset,
  });
  const file = (second: number) => ({
    alignment: 1,
    metadata: [key("general.alignment", "u32", 1)],
    tensors: [bytes("a", 0), bytes("b", second)],
  });
  const error = await errorFor(file(3));
  expect(error).toMatchObject({ code: "WEIGHT_OFFSETS_INVALID", tensor: "b", expected: 4, actual: 3 });
  expect((await openWeights(new Blob([ggufFile(file(4))]))).tensors.size).toBe(2);
});

test("an empty tensor may lie where another starts", async () => {
  const empty = { name: "empty", dimensions: [0], type: 0, data: new Uint8Array(), offset: 0 };
  const file = await openWeights(new Blob([ggufFile({ tensors: [countingF32("full", [4]), empty] })]));
  expect([...file.tensors.keys()]).toEqual(["empty", "full"]);
});

test("values that are small one by one must not make a header of more than 100 MB", () => {
  const reader = new HeaderReader(new Uint8Array(8), NAME, 2 ** 40);
  reader.take(8);
  expect(() => reader.require(MAX_HEADER_BYTES - 8)).toThrow(HeaderIncomplete);
  expect(() => reader.require(MAX_HEADER_BYTES - 7)).toThrow(
    expect.objectContaining({ code: "WEIGHT_HEADER_INVALID", expected: MAX_HEADER_BYTES }),
  );
});

test("padding between tensors and after them is no fault", async () => {
  const tensors = [countingF32("a", [3]), { ...countingF32("b", [5]), offset: 96 }];
  const bytes = new Uint8Array(2000);
  bytes.set(ggufFile({ tensors }));
  const file = await openWeights(new Blob([bytes]));
  expect(file.tensors.get("b")!.byteOffset - file.tensors.get("a")!.byteOffset).toBe(96);
});

test("two tensors of one name are refused", async () => {
  const tensors = [countingF32("a", [2]), countingF32("a", [2])];
  expect(await errorFor({ tensors })).toMatchObject({ code: "WEIGHT_HEADER_INVALID", tensor: "a" });
});

test("a name of a megabyte does not make a message of a megabyte", async () => {
  const name = "x".repeat(1_000_000);
  expect((await errorFor({ tensors: [{ name, dimensions: [1], type: 4, data }] })).tensor).toBe(name);
});

test("a key called __proto__ is a key like others", async () => {
  const file = await openWeights(new Blob([ggufFile({ metadata: [key("__proto__", "u32", 7)] })]));
  expect(Object.entries(file.metadata)).toEqual([["__proto__", 7]]);
});
