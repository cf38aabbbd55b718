import { mkdir, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commitA, commitB, serveHub } from "../test-support/hub-server.ts";
import { bytesOf, large, PIECE, quantized, sharded } from "../test-support/repositories.ts";
import { hubErrorOf, temporaryCache } from "../test-support/temporary-cache.ts";
import { listModels } from "./list-models.ts";
import { pullModel } from "./pull-model.ts";
import { removeModel } from "./remove-model.ts";

const contentBytes = (names: readonly string[]): number =>
  names.reduce((sum, name) => sum + sharded.files[name]!.byteLength, 0);

test("offline, what was pulled is found by branch and by commit, and nobody is asked", async () => {
  await using hub = await serveHub([sharded, quantized]);
  await using cache = await temporaryCache();
  const online = await pullModel("org/sharded", cache.options(hub));
  const gguf = await pullModel("org/quantized:Q5_0", cache.options(hub));
  const before = hub.requests.length;
  const offline = cache.options(hub, { offline: true });
  expect(await pullModel("org/sharded", offline)).toMatchObject({ path: online.path, receivedBytes: 0 });
  const pinned = await pullModel("org/sharded", { ...offline, revision: commitA });
  expect(pinned).toMatchObject({ path: online.path, revision: commitA, byteLength: online.byteLength });
  // The only one that is here need not be chosen.
  expect(await pullModel("org/quantized", offline)).toMatchObject({ path: gguf.path, files: gguf.files });
  expect(hub.requests).toHaveLength(before);
});

test("offline, what is missing is named", async () => {
  await using hub = await serveHub([sharded, quantized]);
  await using cache = await temporaryCache();
  const offline = cache.options(hub, { offline: true });
  const messageOf = async (name: string, revision?: string): Promise<string> => {
    const error = await hubErrorOf(pullModel(name, { ...offline, revision }));
    expect(error.code).toBe("HUB_OFFLINE");
    return error.message;
  };
  expect(await messageOf("org/sharded")).toMatch(/lacks revision main of "org\/sharded"/);
  const { path } = await pullModel("org/sharded", cache.options(hub));
  expect(await messageOf("org/sharded", "v2")).toMatch(/revision v2 .*It has main/);
  expect(await messageOf("org/sharded", commitB)).toMatch(/revision b{40}/);
  await rm(join(path, "model-00002-of-00002.safetensors"));
  expect(await messageOf("org/sharded")).toMatch(/model-00002-of-00002\.safetensors of/);
  await pullModel("org/quantized:Q4_0", cache.options(hub));
  expect(await messageOf("org/quantized:Q8_0")).toMatch(/Q8_0 of "org\/quantized"/);
});

test("a branch that has moved is followed, the old commit stays, and both share what is the same", async () => {
  await using cache = await temporaryCache();
  {
    await using hub = await serveHub([sharded]);
    await pullModel("org/sharded", cache.options(hub));
  }
  const shard = "model-00002-of-00002.safetensors";
  const moved = { ...sharded, commit: commitB, files: { ...sharded.files, [shard]: bytesOf(25_000, 9) } };
  await using hub = await serveHub([moved]);
  const { commit, receivedBytes } = await pullModel("org/sharded", cache.options(hub));
  expect({ commit, receivedBytes }).toEqual({ commit: commitB, receivedBytes: 25_000 });
  const models = await listModels({ cacheFolder: cache.folder });
  expect(new Map(models.map((it) => [it.commit, it.revisions]))).toEqual(
    new Map([
      [commitA, []],
      [commitB, ["main"]],
    ]),
  );
  const { freedBytes } = await removeModel("org/sharded", { cacheFolder: cache.folder, revision: commitA });
  expect(freedBytes).toBe(sharded.files[shard]!.byteLength);
  await pullModel("org/sharded", cache.options(hub, { offline: true }));
});

test("a list has each model's size, files, last use and whether it is complete", async () => {
  await using hub = await serveHub([sharded, quantized]);
  await using cache = await temporaryCache();
  expect(await listModels({ cacheFolder: join(cache.folder, "none") })).toEqual([]);
  await pullModel("org/quantized:Q4_0", cache.options(hub));
  const started = Date.now();
  const { path, files, byteLength } = await pullModel("org/sharded", cache.options(hub));
  const listed = await listModels({ cacheFolder: cache.folder });
  expect(listed).toMatchObject([
    { id: "org/sharded", commit: commitA, revisions: ["main"], byteLength, isComplete: true },
    { id: "org/quantized", byteLength: 20_000, isComplete: true },
  ]);
  expect(listed[0]!.files.map(({ name }) => name)).toEqual([...files].sort());
  expect(listed[0]!.lastUsed.getTime()).toBeGreaterThanOrEqual(started - 1000);
  await rm(join(path, "model-00001-of-00002.safetensors"));
  expect((await listModels({ cacheFolder: cache.folder }))[0]).toMatchObject({ isComplete: false });
  await utimes(join(path, "config.json"), 0, 0);
  for (const name of await readdir(path)) await utimes(join(path, name), 0, 0);
  expect((await listModels({ cacheFolder: cache.folder })).map(({ id }) => id)).toEqual([
    "org/quantized",
    "org/sharded",
  ]);
});

test("what has arrived of a download that was broken off is listed, and removed with its model", async () => {
  await using hub = await serveHub([large(10 * PIECE)], ({ range: [start] = [0] }, response) => {
    if (start === 9 * PIECE) response.writeHead(500).end();
    return response.headersSent;
  });
  await using cache = await temporaryCache();
  const options = { cacheFolder: cache.folder };
  await hubErrorOf(pullModel("org/large", cache.options(hub, { retries: 0, connections: 1 })));
  const [unfinished, ...others] = await listModels(options);
  expect(unfinished).toMatchObject({ id: "org/large", commit: undefined, isComplete: false });
  // Blocks of a disk have 4 KiB, or more.
  expect(unfinished!.byteLength).toBeGreaterThanOrEqual(9 * PIECE);
  expect(others).toEqual([]);
  expect((await removeModel("org/large", options)).freedBytes).toBeGreaterThanOrEqual(9 * PIECE);
  expect(await listModels(options)).toEqual([]);
});

test("what the Python library has downloaded is used, and other things in its cache are let be", async () => {
  await using hub = await serveHub([sharded]);
  await using cache = await temporaryCache();
  const folder = join(cache.folder, "models--org--sharded");
  const shard = "model-00001-of-00002.safetensors";
  const digest = "0".repeat(64);
  await mkdir(join(cache.folder, "datasets--org--data/snapshots"), { recursive: true });
  await mkdir(join(cache.folder, ".locks"), { recursive: true });
  await mkdir(join(folder, "blobs"), { recursive: true });
  await mkdir(join(folder, "snapshots", commitA), { recursive: true });
  await writeFile(join(folder, "blobs", digest), "old");
  await symlink(join("../../blobs", digest), join(folder, "snapshots", commitA, shard));
  expect(await listModels({ cacheFolder: cache.folder })).toMatchObject([
    { id: "org/sharded", revisions: [], byteLength: 3, isComplete: false },
  ]);
  // The name stood for other bytes, and now stands for those of the hub.
  await pullModel("org/sharded", cache.options(hub));
  expect(await listModels({ cacheFolder: cache.folder })).toMatchObject([{ isComplete: true }]);
  expect(await readdir(cache.folder)).toContain("datasets--org--data");
});

test("a model is removed with all that belongs to it, or one of its files alone", async () => {
  await using hub = await serveHub([sharded, quantized]);
  await using cache = await temporaryCache();
  const { files } = await pullModel("org/sharded", cache.options(hub));
  await pullModel("org/quantized:Q4_0", cache.options(hub));
  await pullModel("org/quantized:Q5_0", cache.options(hub));
  const options = { cacheFolder: cache.folder };
  expect(await removeModel("org/quantized:Q5_0", options)).toEqual({
    id: "org/quantized",
    commits: [commitA],
    freedBytes: 16_000,
  });
  await pullModel("org/quantized:Q4_0", cache.options(hub, { offline: true }));
  // The last file takes the ref with it, which is a commit's name.
  const last = await removeModel("org/quantized:Q4_0", options);
  expect(last.freedBytes).toBe(20_000 + commitA.length);
  const { freedBytes } = await removeModel("org/sharded", options);
  expect(freedBytes).toBeGreaterThanOrEqual(contentBytes(files));
  expect((await readdir(cache.folder)).filter((name) => name !== ".locks")).toEqual([]);
  for (const name of ["org/sharded", "org/quantized:Q4_0"]) {
    expect((await hubErrorOf(removeModel(name, options))).code).toBe("HUB_NOT_CACHED");
  }
});
