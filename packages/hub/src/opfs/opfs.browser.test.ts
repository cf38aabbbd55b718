import { beforeEach, describe, expect, test, vi } from "vitest";
import { cdp } from "vitest/browser";
import { HubError } from "../hub-error.ts";
import { listModels } from "../list-models.ts";
import { type PullOptions, pullModel } from "../pull-model.ts";
import { removeModel } from "../remove-model.ts";
import type { ModelStorage } from "../storage.ts";
import { opfsStorage } from "./opfs-storage.ts";

const PIECE = 4096;
const endpoint = await (await fetch("/test-hub")).text();

let folder: string;
let storage: ModelStorage;
let options: PullOptions;
beforeEach(async () => {
  folder = `test-${crypto.randomUUID()}`;
  storage = opfsStorage({ folder });
  options = { endpoint, storage, pieceBytes: PIECE, connections: 4, retryDelay: 1 };
  return async () => {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry(folder, { recursive: true }).catch(() => {});
  };
});

const text = async (blob: Blob | undefined): Promise<string | undefined> => await blob?.text();

describe("a model in a page's private file system", () => {
  test("is pulled once, and found again without asking for its contents", async () => {
    const first = await pullModel("org/sharded", options);
    expect(first.receivedBytes).toBe(first.byteLength);
    expect(await text(first.blobs!.get("config.json"))).toBe('{"model_type": "nemotron_h"}');
    expect(first.blobs!.get("model-00001-of-00002.safetensors")!.size).toBe(50_000);
    expect(await pullModel("org/sharded", options)).toMatchObject({ commit: first.commit, receivedBytes: 0 });
    const offline = await pullModel("org/sharded", { ...options, offline: true });
    expect(offline.blobs).toEqual(first.blobs);
  });

  test("is listed with its size, and removed", async () => {
    const { byteLength, commit } = await pullModel("org/sharded", options);
    await pullModel("org/quantized:Q4_0", options);
    await pullModel("org/quantized:Q8_0", options);
    const models = await listModels({ storage });
    expect(models.map(({ id, byteLength, isComplete }) => ({ id, byteLength, isComplete }))).toEqual([
      { id: "org/quantized", byteLength: 60_000, isComplete: true },
      { id: "org/sharded", byteLength, isComplete: true },
    ]);
    expect(models[1]).toMatchObject({ commit, revisions: ["main"] });
    expect(await removeModel("org/quantized:Q8_0", { storage })).toMatchObject({ freedBytes: 40_000 });
    expect(await removeModel("org/sharded", { storage })).toMatchObject({ freedBytes: byteLength });
    expect((await listModels({ storage })).map(({ id }) => id)).toEqual(["org/quantized"]);
    await expect(removeModel("org/sharded", { storage })).rejects.toMatchObject({ code: "HUB_NOT_CACHED" });
  });

  test("goes on where an aborted pull ended", async () => {
    const stop = new AbortController();
    const aborted = pullModel("org/large", {
      ...options,
      connections: 1,
      fetch: async (input, init) => {
        const range = new Headers(init?.headers).get("range");
        if (range?.startsWith(`bytes=${5 * PIECE}-`)) stop.abort(new Error("enough"));
        return await fetch(input, init);
      },
      signal: stop.signal,
    });
    await expect(aborted).rejects.toThrow("enough");
    expect(await listModels({ storage })).toMatchObject([{ isComplete: false, byteLength: 5 * PIECE }]);
    const { receivedBytes } = await pullModel("org/large", options);
    expect(receivedBytes).toBe(50_000 - 5 * PIECE);
  });

  test("goes on where a worker was ended in the middle of it", async () => {
    const worker = new Worker(new URL("../../test-support/pull-worker.ts", import.meta.url), {
      type: "module",
    });
    const { storage: _, ...plain } = options;
    worker.postMessage({ name: "org/slow", folder, options: { ...plain, connections: 1 } });
    await new Promise<void>((resolve) => {
      worker.addEventListener("message", ({ data }) => data.loadedBytes > 4 * PIECE && resolve());
    });
    worker.terminate();
    const { receivedBytes, blobs } = await pullModel("org/slow", options);
    expect(receivedBytes).toBeLessThan(65_536 - 3 * PIECE);
    expect(receivedBytes % PIECE).toBe(0);
    expect(blobs!.get("model.gguf")!.size).toBe(65_536);
  });

  test("is pulled by one of two that want it, while the other waits", async () => {
    const states = new Set<string>();
    const results = await Promise.all(
      [0, 1].map(() =>
        pullModel("org/slow", { ...options, connections: 1, onProgress: ({ state }) => states.add(state) }),
      ),
    );
    expect(results.map(({ receivedBytes }) => receivedBytes).sort((a, b) => a - b)).toEqual([0, 65_536]);
    expect(states).toContain("waiting");
  });

  test("of which a piece was damaged is mended by that piece alone", async () => {
    const stop = new AbortController();
    const aborted = pullModel("org/large", {
      ...options,
      connections: 1,
      fetch: async (input, init) => {
        const range = new Headers(init?.headers).get("range");
        if (range?.startsWith(`bytes=${8 * PIECE}-`)) stop.abort(new Error("enough"));
        return await fetch(input, init);
      },
      signal: stop.signal,
    });
    await expect(aborted).rejects.toThrow("enough");
    const contents = await (
      await (await navigator.storage.getDirectory()).getDirectoryHandle(folder)
    ).getDirectoryHandle("contents");
    for await (const content of contents.values()) {
      const piece = await (content as FileSystemDirectoryHandle).getFileHandle("3");
      const stream = await piece.createWritable({ keepExistingData: true });
      await stream.write({ type: "write", position: 7, data: "damaged" });
      await stream.close();
    }
    const { receivedBytes } = await pullModel("org/large", options);
    expect(receivedBytes).toBe(50_000 - 7 * PIECE);
  });
});

test("a model that does not fit is refused with what is missing, before a byte is asked for", async () => {
  // Chromium tells every page of the same room, whatever there is.
  const estimate = vi
    .spyOn(navigator.storage, "estimate")
    .mockResolvedValue({ quota: 90_000, usage: 80_000 });
  let loaded = 0;
  const onProgress = ({ loadedBytes }: { loadedBytes: number }): void => {
    loaded += loadedBytes;
  };
  const error = await pullModel("org/large", { ...options, onProgress }).catch((error) => error);
  estimate.mockRestore();
  expect(error).toBeInstanceOf(HubError);
  expect(error).toMatchObject({
    code: "HUB_DISK_FULL",
    model: "org/large",
    expected: 50_000,
    actual: 10_000,
  });
  expect(error.message).toMatch(/40\.0 kB are missing\. Remove other models/);
  expect(loaded).toBe(0);
});

test("a browser that stores less than it said is an error that says what is still to come", async () => {
  const { origin } = location;
  await cdp().send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1000 });
  const error = await pullModel("org/large", options).catch((error) => error);
  await cdp().send("Storage.overrideQuotaForOrigin", { origin });
  expect(error).toMatchObject({
    code: "HUB_DISK_FULL",
    expected: 50_000,
    cause: { name: "QuotaExceededError" },
  });
  expect(error.message).toMatch(/50\.0 kB of model\.gguf are still to come/);
});
