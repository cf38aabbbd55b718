import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test-support/files.ts";
import { countingF32, ggufFile, key } from "../../test-support/gguf-file.ts";
import { weightErrorOf } from "../../test-support/weight-error-of.ts";
import { openWeights, type WeightError } from "../index.ts";

const name = (part: number, count = 3): string => `nano-0000${part + 1}-of-0000${count}.gguf`;

function part(number: number, { count = 3, tensor = `t${number}`, total = 3 } = {}): Blob {
  const metadata = [
    key("split.no", "u16", number),
    key("split.count", "u16", count),
    key("split.tensors.count", "u32", total),
    ...(number === 0 ? [key("general.name", "string", "Nano")] : []),
  ];
  return new Blob([ggufFile({ metadata, tensors: [countingF32(tensor, [number + 1])] })]);
}

const parts = (...changes: [number, Blob | undefined][]): Map<string, Blob> => {
  const files = new Map([0, 1, 2].map((number) => [name(number), part(number)]));
  for (const [number, blob] of changes) {
    if (blob === undefined) files.delete(name(number));
    else files.set(name(number), blob);
  }
  return files;
};

const errorOf = (files: Map<string, Blob>): Promise<WeightError> => weightErrorOf(openWeights(files));

test("the parts of a split file are one, with the metadata of the first", async () => {
  const file = await openWeights(parts());
  expect(file.metadata["general.name"]).toBe("Nano");
  expect([...file.tensors].map(([tensor, { file, shape }]) => [tensor, file, shape])).toEqual([
    ["t0", name(0), [1]],
    ["t1", name(1), [2]],
    ["t2", name(2), [3]],
  ]);
  expect([...new Float32Array((await file.bytes("t2")).buffer)]).toEqual([0, 1, 2]);
});

test("any part on disk leads to all of them", async () => {
  await using folder = await temporaryFolder();
  for (const [name, blob] of parts())
    await writeFile(join(folder.path, name), new Uint8Array(await blob.arrayBuffer()));
  const file = await openWeights(join(folder.path, name(1)));
  expect([...file.tensors.keys()]).toEqual(["t0", "t1", "t2"]);
  expect(file.metadata["split.no"]).toBe(0);
  expect(file.source("t1").file?.path).toBe(join(folder.path, name(1)));
  expect([...(await openWeights(folder.path)).tensors.keys()]).toEqual(["t0", "t1", "t2"]);
});

test("of several models in one folder none is chosen", async () => {
  const files = new Map([...parts(), ["nano-q4_0.gguf", part(0)]]);
  expect((await errorOf(files)).code).toBe("WEIGHT_FILE_MISSING");
});

test("a missing part is named", async () => {
  expect(await errorOf(parts([2, undefined]))).toMatchObject({ code: "WEIGHT_FILE_MISSING", file: name(2) });
});

test.each([
  ["in the wrong place", parts([1, part(2)]), name(1)],
  ["of another count", parts([1, part(1, { count: 4 })]), name(1)],
  ["that say nothing of a split", parts([1, new Blob([ggufFile({})])]), name(1)],
  ["with a tensor of another", parts([2, part(2, { tensor: "t0" })]), name(0)],
  ["with too few tensors in all", parts([0, part(0, { total: 4 })]), name(0)],
])("parts %s are refused", async (_, files, file) => {
  expect(await errorOf(files)).toMatchObject({ code: "WEIGHT_SPLIT_INVALID", file });
});

test.each(["nano.gguf", "nano-1-of-3.gguf", "nano-00001-of-00002.gguf"])(
  "a part called %s does not say where the others are",
  async (fileName) => {
    const error = await errorOf(new Map([[fileName, part(0)]]));
    expect(error).toMatchObject({ code: "WEIGHT_SPLIT_INVALID", actual: fileName });
    expect(error.message).toContain("00001-of-00003.gguf");
  },
);

test("a hostile count of parts is not counted to", async () => {
  const metadata = [key("split.no", "u16", 0), key("split.count", "u32", 4_000_000_000)];
  const file = new File([ggufFile({ metadata })], "x-00001-of-00003.gguf");
  expect((await weightErrorOf(openWeights(file))).code).toBe("WEIGHT_SPLIT_INVALID");
});

test("a count of parts that is no number is none, and no megabyte of a message", async () => {
  const metadata = [key("split.count", "string", "x".repeat(1_000_000))];
  const file = new File([ggufFile({ metadata, tensors: [countingF32("t", [1])] })], "x-00001-of-00003.gguf");
  expect([...(await openWeights(file)).tensors.keys()]).toEqual(["t"]);
});

test("a lone file may say that it is one part", async () => {
  const file = await openWeights(new Map([["whole.gguf", part(0, { count: 1, total: 1 })]]));
  expect([...file.tensors.keys()]).toEqual(["t0"]);
});

test("blobs with safetensors among them are not taken for GGUF", async () => {
  const files = new Map([["model.safetensors.index.json", new Blob(["{"])], ...parts()]);
  expect((await errorOf(files)).code).toBe("WEIGHT_INDEX_INVALID");
});
