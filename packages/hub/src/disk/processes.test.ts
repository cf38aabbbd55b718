import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type HubServer, serveHub } from "../../test-support/hub-server.ts";
import { pullInProcess } from "../../test-support/pull-process.ts";
import { large, PIECE } from "../../test-support/repositories.ts";
import { temporaryCache } from "../../test-support/temporary-cache.ts";
import { pullModel } from "../pull-model.ts";
import { takeLock } from "./lock.ts";

const PIECES = 40;
const model = large(PIECES * PIECE);
const bytes = model.files["model.gguf"]!;

/** A hub that is slow enough to be interrupted. */
const slowHub = (): Promise<HubServer> =>
  serveHub([model], ({ server, range: [start, end] = [0, 0] }, response, body) => {
    if (server !== "cdn") return false;
    response.writeHead(206, { "content-range": `bytes ${start}-${end - 1}/${bytes.byteLength}` });
    setTimeout(() => response.end(body), 20);
    return true;
  });

/** How many bytes of the content were asked for. */
const askedBytes = (hub: HubServer, from = 0): number =>
  hub.requests
    .slice(from)
    .filter(({ server }) => server === "cdn")
    .reduce((sum, { range }) => sum + range![1] - range![0], 0);

test("after kill -9 in the middle, only what was not finished is asked for again, at once", async () => {
  await using hub = await slowHub();
  await using cache = await temporaryCache();
  const options = cache.options(hub, { connections: 2 });
  const child = pullInProcess("org/large", options);
  while (askedBytes(hub) < 15 * PIECE) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill("SIGKILL");
  await child.done;
  const before = hub.requests.length;
  const started = performance.now();
  const { path, receivedBytes } = await pullModel("org/large", options);
  // The dead process left its lock, which must not be waited for.
  expect(performance.now() - started).toBeLessThan(5000);
  expect(new Uint8Array(await readFile(path))).toEqual(bytes);
  // Each connection may have been in the middle of a piece, or just about to note it.
  const finished = askedBytes(hub) - askedBytes(hub, before) - 2 * 2 * PIECE;
  expect(finished).toBeGreaterThan(0);
  expect(askedBytes(hub, before)).toBeLessThanOrEqual(bytes.byteLength - finished);
  expect(receivedBytes).toBe(askedBytes(hub, before));
});

test("two processes that pull the same model download it once", async () => {
  await using hub = await slowHub();
  await using cache = await temporaryCache();
  const options = cache.options(hub);
  const children = [pullInProcess("org/large", options), pullInProcess("org/large", options)];
  const received = (await Promise.all(children.map(({ done }) => done))).map(Number);
  expect(received.sort((a, b) => a - b)).toEqual([0, bytes.byteLength]);
  expect(askedBytes(hub)).toBe(bytes.byteLength);
  const path = join(cache.folder, "models--org--large/blobs");
  expect(await readdir(path)).toHaveLength(1);
});

const signal = new AbortController().signal;
const nothing = async (): Promise<void> => {};

test("whoever waits for another process sees how far that is", async () => {
  await using hub = await slowHub();
  await using cache = await temporaryCache();
  const options = cache.options(hub, { connections: 1 });
  const child = pullInProcess("org/large", options);
  while (askedBytes(hub) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const waited: number[] = [];
  const { receivedBytes } = await pullModel("org/large", {
    ...options,
    onProgress: ({ state, loadedBytes }) => state === "waiting" && waited.push(loadedBytes),
  });
  await child.done;
  expect(receivedBytes).toBe(0);
  expect(new Set(waited).size).toBeGreaterThan(1);
  expect(waited).toEqual([...waited].sort((a, b) => a - b));
});

test("a lock has one holder at a time", async () => {
  await using cache = await temporaryCache();
  const path = join(cache.folder, "lock");
  let holders = 0;
  const hold = async (): Promise<number> => {
    await using _ = await takeLock(path, nothing, signal);
    const most = ++holders;
    await new Promise((resolve) => setTimeout(resolve, 5));
    holders--;
    return most;
  };
  expect(await Promise.all(Array.from({ length: 5 }, hold))).toEqual([1, 1, 1, 1, 1]);
});

test("a lock of another host is taken over when its heartbeat has stopped, and not before", async () => {
  await using cache = await temporaryCache();
  const path = join(cache.folder, "lock");
  await mkdir(cache.folder, { recursive: true });
  await writeFile(path, JSON.stringify({ key: "theirs", pid: 1, host: "elsewhere" }));
  const taken = takeLock(path, nothing, AbortSignal.timeout(300));
  await expect(taken).rejects.toMatchObject({ name: "TimeoutError" });
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(path, longAgo, longAgo);
  await using _ = await takeLock(path, nothing, signal);
  expect(await readFile(path, "utf8")).not.toContain("theirs");
});
