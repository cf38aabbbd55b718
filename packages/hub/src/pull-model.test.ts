import { lstat, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commitA, gitDigest, serveHub, sha256 } from "../test-support/hub-server.ts";
import { large, quantized, sharded } from "../test-support/repositories.ts";
import { hubErrorOf, temporaryCache } from "../test-support/temporary-cache.ts";
import type { DownloadProgress } from "./download/progress.ts";
import { pullModel } from "./pull-model.ts";

test("of a repository in the Hugging Face layout, what Krait reads is downloaded, and nothing else", async () => {
  await using hub = await serveHub([sharded]);
  await using cache = await temporaryCache();
  const progress: DownloadProgress[] = [];
  const model = await pullModel("org/sharded", {
    ...cache.options(hub),
    onProgress: (it) => progress.push(it),
  });
  const wanted = Object.keys(sharded.files).filter((name) => !/README|bin|original/.test(name));
  expect([...model.files].sort()).toEqual(wanted.sort());
  for (const name of wanted) {
    expect(new Uint8Array(await readFile(join(model.path, name)))).toEqual(sharded.files[name]);
  }
  const byteLength = wanted.reduce((sum, name) => sum + sharded.files[name]!.byteLength, 0);
  expect(model).toMatchObject({
    id: "org/sharded",
    revision: "main",
    commit: commitA,
    byteLength,
    receivedBytes: byteLength,
  });
  expect(progress.at(-1)).toMatchObject({ loadedBytes: byteLength, totalBytes: byteLength });
});

test("the cache is laid out as the Python library does, with nothing unfinished left in it", async () => {
  await using hub = await serveHub([sharded]);
  await using cache = await temporaryCache();
  await pullModel("org/sharded", cache.options(hub));
  const folder = join(cache.folder, "models--org--sharded");
  expect(await readFile(join(folder, "refs/main"), "utf8")).toBe(commitA);
  const snapshot = join(folder, "snapshots", commitA);
  const config = sharded.files["config.json"]!;
  const shard = sharded.files["model-00001-of-00002.safetensors"]!;
  expect(await readlink(join(snapshot, "config.json"))).toBe(`../../blobs/${gitDigest(config)}`);
  expect(await readlink(join(snapshot, "model-00001-of-00002.safetensors"))).toBe(
    `../../blobs/${sha256(shard)}`,
  );
  expect((await readdir(join(folder, "blobs"))).filter((name) => name.includes("."))).toEqual([]);
  expect(await readdir(join(cache.folder, ".locks/models--org--sharded"))).toEqual([]);
});

test("a second pull downloads nothing, and a file that is gone from the cache alone", async () => {
  await using hub = await serveHub([sharded]);
  await using cache = await temporaryCache();
  const first = await pullModel("org/sharded", cache.options(hub));
  const before = hub.contentRequests().length;
  expect(await pullModel("org/sharded", cache.options(hub))).toEqual({ ...first, receivedBytes: 0 });
  expect(hub.contentRequests()).toHaveLength(before);
  const config = join(cache.folder, "models--org--sharded/blobs", gitDigest(sharded.files["config.json"]!));
  await writeFile(config, "cut");
  await pullModel("org/sharded", cache.options(hub));
  expect(hub.contentRequests()).toHaveLength(before + 1);
});

test("without weights there come configuration, tokenizer and template", async () => {
  await using hub = await serveHub([sharded]);
  await using cache = await temporaryCache();
  for (const offline of [false, true]) {
    const { files } = await pullModel("org/sharded", cache.options(hub, { weights: false, offline }));
    expect(files).toEqual(["config.json", "tokenizer.json", "chat_template.jinja"]);
  }
  const error = await hubErrorOf(pullModel("org/sharded", cache.options(hub, { offline: true })));
  expect(error).toMatchObject({ code: "HUB_OFFLINE", file: "weights" });
});

test("one of several GGUF models is chosen by a part of its name, a split one as a whole", async () => {
  await using hub = await serveHub([quantized]);
  await using cache = await temporaryCache();
  const single = await pullModel("org/quantized:q4_0", cache.options(hub));
  expect(single.path).toBe(join(cache.folder, "models--org--quantized/snapshots", commitA, "nano-Q4_0.gguf"));
  const split = await pullModel("org/quantized", cache.options(hub, { file: "Q5_0" }));
  expect(split.files).toEqual(["Q5_0/nano-Q5_0-00001-of-00002.gguf", "Q5_0/nano-Q5_0-00002-of-00002.gguf"]);
  for (const name of split.files) {
    const path = join(cache.folder, "models--org--quantized/snapshots", commitA, name);
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
    expect(new Uint8Array(await readFile(path))).toEqual(quantized.files[name]);
  }
});

test("several GGUF models and no choice is an error that lists them with their sizes", async () => {
  await using hub = await serveHub([quantized]);
  await using cache = await temporaryCache();
  const error = await hubErrorOf(pullModel("org/quantized", cache.options(hub)));
  expect(error.code).toBe("HUB_FILE_AMBIGUOUS");
  expect(error.message).toContain(
    "Q5_0/nano-Q5_0-00001-of-00002.gguf (16.0 kB), nano-Q4_0.gguf (20.0 kB), nano-Q8_0.gguf (40.0 kB)",
  );
  expect(hub.contentRequests()).toEqual([]);
});

test("the token goes to the hub, not to the server that it redirects to, and into no error", async () => {
  const token = "hf_secret";
  await using hub = await serveHub([sharded], ({ server }, response) => {
    if (server === "cdn" && hub.contentRequests().length > 12) response.destroy();
    return response.destroyed;
  });
  await using cache = await temporaryCache();
  const error = await hubErrorOf(pullModel("org/sharded", cache.options(hub, { token, retries: 1 })));
  expect(`${error.message} ${JSON.stringify(error)}`).not.toContain("secret");
  const withToken = (server: string) =>
    new Set(hub.requests.filter((it) => it.server === server).map((it) => it.authorization));
  expect(withToken("hub")).toEqual(new Set([`Bearer ${token}`]));
  expect(withToken("cdn")).toEqual(new Set([undefined]));
});

test("the hub is asked once where a file's content is, and again when the answer has run out", async () => {
  await using hub = await serveHub([large(20 * 4096)], ({ server }, response) => {
    const sent = hub.requests.filter((it) => it.server === "cdn").length;
    if (server === "cdn" && sent === 10) response.writeHead(403).end();
    return response.headersSent;
  });
  await using cache = await temporaryCache();
  await pullModel("org/large", cache.options(hub, { connections: 1 }));
  expect(hub.requests.filter((it) => it.path.includes("/resolve/"))).toHaveLength(2);
  expect(hub.requests.filter((it) => it.server === "cdn")).toHaveLength(21);
});
