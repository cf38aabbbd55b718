import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type HubServer, serveHub } from "../../test-support/hub-server.ts";
import { pullInProcess } from "../../test-support/pull-process.ts";
import { large, PIECE } from "../../test-support/repositories.ts";
import { temporaryCache } from "../../test-support/temporary-cache.ts";
import { type PullOptions, pullModel } from "../pull-model.ts";
import { takeLock } from "./lock.ts";

const PIECES = 40;
const model = large(PIECES * PIECE);
const bytes = model.files["model.gguf"]!;

/** How many bytes of the content were asked for. */
const askedBytes = (hub: HubServer, from = 0): number =>
  hub.requests
    .slice(from)
    .filter(({ server }) => server === "cdn")
    .reduce((sum, { range }) => sum + range![1] - range![0], 0);

/** Something to wait for until it happens. */
function gate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
}

const whole = (start: number, end: number) => ({
  "content-range": `bytes ${start}-${end - 1}/${bytes.byteLength}`,
});

test("after kill -9 in the middle, only what was not finished is asked for again, at once", async () => {
  const finished = 15;
  let answered = 0;
  let isDead = false;
  const halves = gate();
  await using hub = await serveHub([model], ({ server, range: [start, end] = [0, 0] }, response, body) => {
    if (server !== "cdn" || isDead || answered++ < finished) return false;
    response.writeHead(206, whole(start, end)).write(body.subarray(0, PIECE / 2));
    // Both connections are in the middle of a piece, and have noted those before.
    if (answered === finished + 2) halves.open();
    return true;
  });
  await using cache = await temporaryCache();
  const options = cache.options(hub, { connections: 2 });
  const child = pullInProcess("org/large", options);
  await halves.opened;
  child.kill("SIGKILL");
  await child.done;
  isDead = true;
  const before = hub.requests.length;
  const states = new Set<string>();
  const onProgress: PullOptions["onProgress"] = ({ state }) => states.add(state);
  const { path, receivedBytes } = await pullModel("org/large", { ...options, onProgress });
  // The dead process left its lock, which must not be waited for.
  expect([...states]).toEqual(["downloading"]);
  expect(new Uint8Array(await readFile(path))).toEqual(bytes);
  expect(receivedBytes).toBe(bytes.byteLength - finished * PIECE);
  expect(askedBytes(hub, before)).toBe(receivedBytes);
});

test("two processes that pull the same model download it once", async () => {
  await using hub = await serveHub([model]);
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
  /** Answers that wait until somebody has been told that all before them is there. */
  const held = new Map<number, () => void>();
  const begun = gate();
  const halts = [10 * PIECE, 20 * PIECE];
  await using hub = await serveHub([model], ({ server, range: [start, end] = [0, 0] }, response, body) => {
    begun.open();
    if (server !== "cdn" || !halts.includes(start)) return false;
    held.set(start, () => response.writeHead(206, whole(start, end)).end(body));
    return true;
  });
  await using cache = await temporaryCache();
  const options = cache.options(hub, { connections: 1 });
  const child = pullInProcess("org/large", options);
  await begun.opened;
  const waited: number[] = [];
  const { receivedBytes } = await pullModel("org/large", {
    ...options,
    onProgress({ state, loadedBytes }) {
      if (state !== "waiting") return;
      waited.push(loadedBytes);
      held.get(loadedBytes)?.();
      held.delete(loadedBytes);
    },
  });
  await child.done;
  expect(receivedBytes).toBe(0);
  expect(waited).toEqual(expect.arrayContaining(halts));
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
  // A heartbeat that stays fresh, should this machine be away for a while.
  const inAnHour = new Date(Date.now() + 3_600_000);
  await utimes(path, inAnHour, inAnHour);
  const taken = takeLock(path, nothing, AbortSignal.timeout(300));
  await expect(taken).rejects.toMatchObject({ name: "TimeoutError" });
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(path, longAgo, longAgo);
  await using _ = await takeLock(path, nothing, signal);
  expect(await readFile(path, "utf8")).not.toContain("theirs");
});
