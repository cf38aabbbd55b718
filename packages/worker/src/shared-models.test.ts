import { type ChatModel, type LoadModelOptions, loadModel } from "krait";
import { expect, test } from "vitest";
import { SharedScope } from "../test-support/shared-scope.ts";
import { connectModel } from "./connect-model.ts";
import { PROTOCOL_VERSION } from "./protocol.ts";
import { serveModel } from "./serve-model.ts";

const hello = [{ role: "user", content: "Hello!" }] as const;

/** A shared worker that counts what it loads and frees. */
function sharedWorker() {
  const scope = new SharedScope();
  const counts = { loaded: 0, freed: 0 };
  serveModel(scope, {
    async loadModel(location: undefined, options: LoadModelOptions): Promise<ChatModel> {
      const model = await loadModel(location, options);
      counts.loaded++;
      const dispose = async (): Promise<void> => {
        counts.freed++;
        await model[Symbol.asyncDispose]();
      };
      return Object.create(model, { [Symbol.asyncDispose]: { value: dispose } });
    },
  });
  return { counts, page: () => scope.connect() };
}

const options = { backend: "cpu", maxContext: 512 };

test("pages that ask for the same model share one, which the last frees", async () => {
  const { counts, page } = sharedWorker();
  const progress = [0, 0];
  const [a, b] = await Promise.all(
    [0, 1].map((index) =>
      connectModel(page(), undefined, {
        maxContext: 512,
        backend: "cpu",
        onProgress({ loadedBytes }) {
          progress[index] = loadedBytes;
        },
      }),
    ),
  );
  expect(counts).toEqual({ loaded: 1, freed: 0 });
  expect(progress[0]).toBeGreaterThan(0);
  expect(progress[1]).toBe(progress[0]);
  const [first, second] = await Promise.all(
    [a!, b!].map((model) => model.chat(hello, { maxTokens: 20, sampling: { temperature: 0 } }).result()),
  );
  expect(second!.text).toBe(first!.text);
  await a![Symbol.asyncDispose]();
  expect(counts.freed).toBe(0);
  expect((await b!.chat(hello, { maxTokens: 2 }).result()).usage.completionTokens).toBe(2);
  await b![Symbol.asyncDispose]();
  expect(counts).toEqual({ loaded: 1, freed: 1 });
});

test("other options are another model", async () => {
  const { counts, page } = sharedWorker();
  const port = page();
  const models = await Promise.all([
    connectModel(port, undefined, options),
    connectModel(port, undefined, { ...options, maxContext: 256 }),
  ]);
  expect(models.map(({ maxContext }) => maxContext)).toEqual([512, 256]);
  expect(counts.loaded).toBe(2);
  for (const model of models) await model[Symbol.asyncDispose]();
  port.close();
});

test("one page that gives up loading takes nothing from another", async () => {
  const { counts, page } = sharedWorker();
  const controller = new AbortController();
  const given = connectModel(page(), undefined, { ...options, signal: controller.signal });
  const kept = connectModel(page(), undefined, {
    ...options,
    onProgress: () => controller.abort(new Error("enough")),
  });
  await expect(given).rejects.toThrow("enough");
  await (await kept)[Symbol.asyncDispose]();
  expect(counts).toEqual({ loaded: 1, freed: 1 });
});

test("a page that goes away without a word lets go of its model", async () => {
  const { counts, page } = sharedWorker();
  const port = page();
  await connectModel(port, undefined, options);
  port.close();
  await expect.poll(() => counts.freed).toBe(1);
});

test("a model that could not be loaded is not kept", async () => {
  const { counts, page } = sharedWorker();
  const wrong = connectModel(page(), "/no/such/folder", options);
  await expect(wrong).rejects.toMatchObject({ code: "WEIGHT_FILE_MISSING", file: "/no/such/folder" });
  await (await connectModel(page(), undefined, options))[Symbol.asyncDispose]();
  expect(counts).toEqual({ loaded: 1, freed: 1 });
});

test("page and worker of different versions refuse each other", async () => {
  const { port1, port2 } = new MessageChannel();
  port2.addEventListener("message", ({ data }) => {
    port2.postMessage({ ...data, krait: PROTOCOL_VERSION + 1, type: "hello", lock: undefined });
  });
  port2.start();
  await expect(connectModel(port1)).rejects.toMatchObject({
    code: "WORKER_PROTOCOL",
    details: { expected: PROTOCOL_VERSION, actual: PROTOCOL_VERSION + 1 },
  });
  port1.close();
});

test("messages of others on the same port are left alone", async () => {
  const { page } = sharedWorker();
  const port = page();
  for (const message of [null, "hello", { krait: "no" }]) port.postMessage(message);
  await (await connectModel(port, undefined, options))[Symbol.asyncDispose]();
  port.close();
});
