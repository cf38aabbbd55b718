import { expect, test } from "vitest";
import { countingTensor, safetensors } from "../test-support/files.ts";
import { serveFiles } from "../test-support/range-server.ts";
import { weightErrorOf } from "../test-support/weight-error-of.ts";
import { openWeights, type WeightError } from "./index.ts";

const INDEX = "model.safetensors.index.json";

function index(weightMap: unknown, metadata: unknown = { total_size: 1 }): Blob {
  return new Blob([JSON.stringify({ metadata, weight_map: weightMap })]);
}

async function blob(...tensors: Parameters<typeof countingTensor>[]): Promise<Blob> {
  return new Blob([await safetensors(tensors.map((tensor) => countingTensor(...tensor)))]);
}

function errorOf(files: Record<string, Blob>): Promise<WeightError> {
  return weightErrorOf(openWeights(new Map(Object.entries(files))));
}

test("shards are one checkpoint, in the order of their names", async () => {
  const files = new Map([
    [INDEX, index({ a: "model-2.safetensors", b: "model-1.safetensors", c: "model-2.safetensors" })],
    ["model-2.safetensors", await blob(["a", [3]], ["c", [2, 2]])],
    ["model-1.safetensors", await blob(["b", [1]])],
  ]);
  const weights = await openWeights(files);
  expect([...weights.tensors].map(([name, { file }]) => [name, file])).toEqual([
    ["b", "model-1.safetensors"],
    ["a", "model-2.safetensors"],
    ["c", "model-2.safetensors"],
  ]);
  expect(weights.metadata).toEqual({ total_size: 1 });
  expect([...new Float32Array((await weights.bytes("c")).buffer)]).toEqual([0, 1, 2, 3]);
});

test("the index decides which of two shards holds a tensor, and what belongs to the checkpoint", async () => {
  const weights = await openWeights(
    new Map([
      [INDEX, index({ a: "2.safetensors", b: "1.safetensors" })],
      ["1.safetensors", await blob(["a", [7]], ["b", [1]])],
      ["2.safetensors", await blob(["a", [3]], ["stale", [1]])],
    ]),
  );
  expect(weights.tensors.get("a")!.shape).toEqual([3]);
  expect([...weights.tensors.keys()]).toEqual(["b", "a"]);
});

test("a single file comes before an index, as in transformers", async () => {
  const single = await blob(["single", [1]]);
  const weights = await openWeights(
    new Map([
      [INDEX, index({ a: "gone.safetensors" })],
      ["model.safetensors", single],
    ]),
  );
  expect([...weights.tensors.keys()]).toEqual(["single"]);
});

test("an index can be named directly", async () => {
  await using server = await serveFiles({
    "other.safetensors.index.json": new Uint8Array(await index({ a: "shard #1.safetensors" }).arrayBuffer()),
    "shard #1.safetensors": await safetensors([countingTensor("a", [2])]),
  });
  const weights = await openWeights(new URL("other.safetensors.index.json", server.url));
  expect([...weights.tensors.keys()]).toEqual(["a"]);
});

test("a shard that is missing is named", async () => {
  const shards = { a: "1.safetensors", b: "2.safetensors" };
  const error = await errorOf({ [INDEX]: index(shards), "1.safetensors": await blob(["a", [1]]) });
  expect(error).toMatchObject({ code: "WEIGHT_FILE_MISSING", file: "2.safetensors" });
});

test("a tensor that its shard lacks is named with the shard", async () => {
  const shards = { a: "1.safetensors", "layers.9.norm": "1.safetensors" };
  const error = await errorOf({ [INDEX]: index(shards), "1.safetensors": await blob(["a", [1]]) });
  expect(error).toMatchObject({
    code: "WEIGHT_TENSOR_MISSING",
    file: "1.safetensors",
    tensor: "layers.9.norm",
  });
});

test("a corrupt shard is named", async () => {
  const error = await errorOf({
    [INDEX]: index({ a: "1.safetensors" }),
    "1.safetensors": new Blob(["not this"]),
  });
  expect(error).toMatchObject({ code: "WEIGHT_HEADER_INVALID", file: "1.safetensors" });
});

test.each([
  "../secret.safetensors",
  "/etc/secret.safetensors",
  "sub/1.safetensors",
  "..\\secret.safetensors",
  "C:secret.safetensors",
  "https://example.org/1.safetensors",
  "..",
  ".",
  "",
  "a\0b",
  "x".repeat(256),
  7,
  null,
  { file: "1.safetensors" },
])("an index must not name %j as a shard", async (shard) => {
  const error = await errorOf({ [INDEX]: index({ a: shard }) });
  expect(error).toMatchObject({ code: "WEIGHT_INDEX_INVALID", file: INDEX, tensor: "a", actual: shard });
});

test.each([
  ["no JSON", "{"],
  ["a list", "[]"],
  ["null", "null"],
  ["no weight_map", "{}"],
  ["a weight_map that is a list", '{"weight_map": []}'],
  ["metadata that is text", '{"metadata": "x", "weight_map": {}}'],
  ["a tensor that is named twice", '{"weight_map": {"a": "1.safetensors", "a": "2.safetensors"}}'],
])("an index with %s is refused", async (_, text) => {
  const error = await errorOf({ [INDEX]: new Blob([text]) });
  expect(error).toMatchObject({ code: "WEIGHT_INDEX_INVALID", file: INDEX });
});

test("when one shard fails, requests for the others end", async () => {
  const shards = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`t${i}`, `${i}.safetensors`]));
  await using server = await serveFiles(
    { [INDEX]: new Uint8Array(await index(shards).arrayBuffer()) },
    (request, response) => {
      if (request.url === "/3.safetensors") response.writeHead(500).end();
      return /[0-9]\.safetensors/.test(request.url!);
    },
  );
  await expect(openWeights(server.url)).rejects.toMatchObject({ code: "WEIGHT_HTTP_STATUS", actual: 500 });
  await expect.poll(() => server.pending).toBe(0);
});

test("an unknown tensor is an error that names it", async () => {
  const weights = await openWeights(new File([await blob(["a", [1]])], "x.safetensors"));
  const missing = { code: "WEIGHT_TENSOR_MISSING", tensor: "b", file: "x.safetensors" };
  expect(() => weights.source("b")).toThrow(expect.objectContaining(missing));
  expect(() => weights.read("b")).toThrow(expect.objectContaining(missing));
  await expect(weights.bytes("b")).rejects.toMatchObject(missing);
});
