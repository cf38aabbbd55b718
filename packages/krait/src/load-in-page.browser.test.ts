import { listModels, removeModel } from "@krait/hub";
import { expect, test } from "vitest";
import { findModel } from "./find-model.ts";
import { loadModel } from "./load-model.ts";

const endpoint = await (await fetch("/test-hub")).text();
const greedy = { sampling: { temperature: 0 }, maxTokens: 60 } as const;
const ask = [{ role: "user", content: "What is 47 + 38?" }] as const;

test("a model of the hub is loaded in a page by its name, and from the browser's storage the next time", async () => {
  const options = { endpoint, backend: "wasm" };
  const received: number[] = [];
  const first = await loadModel("org/tiny", {
    ...options,
    onDownload: ({ loadedBytes }) => received.push(loadedBytes),
  });
  expect(received.at(-1)).toBeGreaterThan(1e5);
  expect(first.name).toBe("org/tiny");
  const { text } = await first.chat(ask, greedy).result();
  await first[Symbol.asyncDispose]();

  const again = await loadModel("org/tiny", { ...options, offline: true });
  const notes: string[] = [];
  const embedded = await loadModel(undefined, { onBackend: (note) => notes.push(note) });
  // What no page has is no news to anybody in one.
  expect(notes[0]).toMatch(/^Backend "(webgpu|wasm)"\./);
  expect(notes[0]).not.toMatch(/cuda|native/i);
  for (const model of [again, embedded]) {
    expect((await model.chat(ask, greedy).result()).text).toBe(text);
    await model[Symbol.asyncDispose]();
  }
  const root = await navigator.storage.getDirectory();
  await root.removeEntry("krait", { recursive: true });
});

test("a name that is no model's is refused by what it could have been", async () => {
  await expect(loadModel("models/tiny/of/mine")).rejects.toMatchObject({ code: "WEIGHT_FILE_MISSING" });
  await expect(loadModel("org/absent", { endpoint })).rejects.toMatchObject({ code: "HUB_MODEL_NOT_FOUND" });
});

test("a model at a URL is kept, found without its server, and fetched anew when it has changed", async () => {
  const url = `${endpoint}/org/tiny/resolve/main/`;
  let requests = 0;
  let isOnline = true;
  let version = 1;
  const counting = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    requests++;
    if (!isOnline) throw new TypeError("offline");
    const { body, status, headers: sent } = await fetch(input, init);
    const headers = new Headers(sent);
    headers.set("etag", `"${version}-${sent.get("etag")}"`);
    return new Response(body, { status, headers });
  };
  /** Finds it, and counts what that asked for. */
  const find = async (): Promise<number> => {
    const before = requests;
    const folder = await findModel(url, { fetch: counting });
    const asked = requests - before;
    expect(folder.location).toBe(url);
    expect(await folder.json("config.json")).toMatchObject({ model_type: "nemotron_h" });
    await using weights = await folder.weights();
    expect(weights.tensors.size).toBeGreaterThan(10);
    expect(requests - before).toBe(asked);
    return asked;
  };
  const first = await find();
  const second = await find();
  expect(second).toBeLessThan(first);
  isOnline = false;
  expect(await find()).toBe(1);
  isOnline = true;
  version = 2;
  expect(await find()).toBe(first);
  const [model] = await listModels();
  expect(model).toMatchObject({ id: url, isComplete: true });
  expect((await removeModel(url)).freedBytes).toBe(model!.byteLength);
  expect(await listModels()).toEqual([]);
});

test("a model at a URL is read where it lies when nothing is to be kept", async () => {
  const folder = await findModel(`${endpoint}/org/tiny/resolve/main/`, { cache: false });
  expect(await folder.json("config.json")).toMatchObject({ model_type: "nemotron_h" });
  expect(await listModels()).toEqual([]);
});

test("a model of 200 MB over a line that is cut again and again is loaded in little memory", async () => {
  const limit = 200e6;
  const page = globalThis as unknown as {
    gc(): void;
    performance: { memory: { usedJSHeapSize: number } };
  };
  const heap = (): number => page.performance.memory.usedJSHeapSize;
  page.gc();
  const before = heap();
  let peak = before;
  const timer = setInterval(() => {
    // What is garbage is swept when the browser likes; what is used cannot be more than it and garbage together.
    if (heap() - before >= limit) page.gc();
    peak = Math.max(peak, heap());
  }, 20);
  const ranges = new Set<string>();
  const noting = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    if (/model\.safetensors/.test(String(input))) ranges.add(new Headers(init?.headers).get("range") ?? "");
    return fetch(input, init);
  };
  const model = await loadModel("org/huge", {
    ...{ endpoint, backend: "wasm", maxContext: 256, maxSequences: 1 },
    fetch: noting,
  });
  clearInterval(timer);
  // Those that were cut were taken up where they ended.
  expect(ranges.size).toBeGreaterThan(new Set([...ranges].map((range) => range.split("-")[1])).size);
  expect(model.memory.weightBytes).toBeGreaterThan(195e6);
  expect(peak - before).toBeLessThan(limit);
  const { usage } = await model.chat(ask, { ...greedy, maxTokens: 2, reasoning: "off" }).result();
  expect(usage.completionTokens).toBe(2);
  await model[Symbol.asyncDispose]();
  expect((await removeModel("org/huge")).freedBytes).toBeGreaterThan(195e6);
});
