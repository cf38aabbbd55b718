import fs from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { countingTensor, fileWithHeader, safetensors, temporaryFolder } from "../../test-support/files.ts";
import { openWeights, WeightError } from "../index.ts";

const MiB = 2 ** 20;

let openHandles = 0;

beforeEach(() => {
  openHandles = 0;
  const open = fs.open;
  vi.spyOn(fs, "open").mockImplementation(async (...given) => {
    const handle = await open(...given);
    openHandles++;
    const close = handle.close;
    let isOpen = true;
    handle.close = async () => {
      await close.call(handle);
      if (isOpen) openHandles--;
      isOpen = false;
    };
    return handle;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** A folder with a checkpoint of one f32 tensor of 64 MiB, which takes no room on disk. */
async function sparseCheckpoint(): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await temporaryFolder();
  const entry = { dtype: "F32", shape: [16384, 1024], data_offsets: [0, 64 * MiB] };
  const header = fileWithHeader(JSON.stringify({ large: entry }), 0);
  await fs.writeFile(join(folder.path, "model.safetensors"), header);
  await fs.truncate(join(folder.path, "model.safetensors"), header.byteLength + 64 * MiB);
  return folder;
}

test("a folder, a file in it and their URLs are one checkpoint", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "model.safetensors");
  await fs.writeFile(path, await safetensors([countingTensor("a", [2, 3])]));
  for (const location of [folder.path, path, pathToFileURL(folder.path), `${pathToFileURL(path)}`]) {
    const weights = await openWeights(location);
    expect([...new Float32Array((await weights.bytes("a")).buffer)]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(weights.tensors.get("a")!.file).toBe(path);
  }
});

test("a source says where in the file the tensor lies, so that it can be mapped", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "weights.safetensors");
  await fs.writeFile(path, await safetensors([countingTensor("a", [5]), countingTensor("b", [2, 3])]));
  const source = (await openWeights(path)).source("b");
  const mapped = await fs.readFile(source.file!.path);
  const start = source.file!.byteOffset;
  expect(mapped.subarray(start, start + source.byteLength)).toEqual(
    Buffer.from(new Float32Array([0, 1, 2, 3, 4, 5]).buffer),
  );
});

test("a large tensor comes in whole rows through one piece of memory", async () => {
  await using folder = await sparseCheckpoint();
  const weights = await openWeights(folder.path);
  const sizes: number[] = [];
  const memory = new Set<ArrayBufferLike>();
  for await (const piece of weights.read("large")) {
    sizes.push(piece.byteLength);
    memory.add(piece.buffer);
  }
  expect(sizes).toEqual(new Array(8).fill(8 * MiB));
  expect([...memory].map(({ byteLength }) => byteLength)).toEqual([8 * MiB]);
  expect(openHandles).toBe(0);
});

test("leaving a loop over the pieces closes the file", async () => {
  await using folder = await sparseCheckpoint();
  const weights = await openWeights(folder.path);
  for await (const _ of weights.read("large")) {
    expect(openHandles).toBe(1);
    break;
  }
  expect(openHandles).toBe(0);
});

test("an abort closes the file, even under a reader that has stopped asking", async () => {
  await using folder = await sparseCheckpoint();
  const weights = await openWeights(folder.path);
  const controller = new AbortController();
  const reason = new Error("enough");
  const reading = weights.read("large", controller.signal)[Symbol.asyncIterator]();
  await reading.next();
  expect(openHandles).toBe(1);
  controller.abort(reason);
  await expect.poll(() => openHandles).toBe(0);
  await expect(reading.next()).rejects.toBe(reason);
  await expect(weights.bytes("large", controller.signal)).rejects.toBe(reason);
});

test("closing the checkpoint closes its files and ends its reads", async () => {
  await using folder = await sparseCheckpoint();
  const weights = await openWeights(folder.path);
  const { signal } = new AbortController();
  const reading = weights.source("large").pieces(signal)[Symbol.asyncIterator]();
  await reading.next();
  await weights.close();
  await expect.poll(() => openHandles).toBe(0);
  await expect(reading.next()).rejects.toMatchObject({ code: "WEIGHT_CLOSED" });
  await expect(weights.bytes("large")).rejects.toMatchObject({ code: "WEIGHT_CLOSED" });
});

test("a file that was replaced after it was opened is refused", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "model.safetensors");
  await fs.writeFile(path, await safetensors([countingTensor("a", [4])]));
  const weights = await openWeights(path);
  await fs.writeFile(path, await safetensors([countingTensor("a", [5])]));
  await expect(weights.bytes("a")).rejects.toMatchObject({ code: "WEIGHT_FILE_CHANGED", file: path });
  expect(openHandles).toBe(0);
});

test("a file that was deleted after it was opened is a read failure", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "model.safetensors");
  await fs.writeFile(path, await safetensors([countingTensor("a", [4])]));
  const weights = await openWeights(path);
  await fs.rm(path);
  await expect(weights.bytes("a")).rejects.toMatchObject({ code: "WEIGHT_READ_FAILED", file: path });
});

test("what is not there is named", async () => {
  await using folder = await temporaryFolder();
  const nowhere = join(folder.path, "nowhere");
  await expect(openWeights(nowhere)).rejects.toMatchObject({ code: "WEIGHT_FILE_MISSING", file: nowhere });
  await expect(openWeights(folder.path)).rejects.toThrow(WeightError);
  await expect(openWeights(folder.path)).rejects.toMatchObject({
    code: "WEIGHT_FILE_MISSING",
    file: join(folder.path, "model.safetensors"),
    expected: ["model.safetensors", "model.safetensors.index.json"],
    message: expect.stringMatching(
      /model\.safetensors and no .*index\.json\. A \.gguf file is opened by its own/,
    ),
  });
});

test("a file URL that is no path is a read failure", async () => {
  const file = "file:///models/a%2Fb";
  await expect(openWeights(file)).rejects.toMatchObject({ code: "WEIGHT_READ_FAILED", file });
});

test("a Node that is too old is told so, and not that there is no file", async () => {
  vi.stubGlobal("process", { versions: { node: "20.10.0" } });
  const opening = openWeights("./models/tiny");
  vi.unstubAllGlobals();
  await expect(opening).rejects.toMatchObject({
    code: "WEIGHT_NODE_TOO_OLD",
    actual: "20.10.0",
    message: expect.stringContaining("20.19 or newer"),
  });
});

test("where there is no file system, a path is refused with advice", async () => {
  vi.stubGlobal("process", undefined);
  const opening = openWeights("./models/tiny");
  vi.unstubAllGlobals();
  await expect(opening).rejects.toMatchObject({ code: "WEIGHT_NO_FILE_SYSTEM", file: "./models/tiny" });
  await expect(opening).rejects.toThrow("URL");
});
