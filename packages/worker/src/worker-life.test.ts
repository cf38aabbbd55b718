import { expect, test } from "vitest";
import { startWorker } from "../test-support/start-worker.ts";
import { connectModel } from "./connect-model.ts";

const hello = [{ role: "user", content: "Hello!" }] as const;
const endless = { maxTokens: 100_000, ignoreEndTokens: true } as const;

test("loading tells its progress in order, ending with all bytes", async () => {
  const worker = startWorker();
  const seen: number[] = [];
  let total = 0;
  const reasons: string[] = [];
  const model = await connectModel(worker, undefined, {
    backend: "cpu",
    onProgress({ loadedBytes, totalBytes }) {
      seen.push(loadedBytes);
      total = totalBytes;
    },
    onBackend: (reason) => reasons.push(reason),
  });
  expect(seen.at(-1)).toBe(total);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(reasons).toEqual([
    'Backend "cpu", as asked for.',
    "Recurrent states are kept in f32, keys and values in f32.",
  ]);
  await model[Symbol.asyncDispose]();
  await worker.terminate();
});

test("loading is aborted with the signal's reason, and the worker can load again", async () => {
  const worker = startWorker();
  const controller = new AbortController();
  const loading = connectModel(worker, undefined, {
    backend: "cpu",
    signal: controller.signal,
    onProgress: () => controller.abort(new Error("enough")),
  });
  await expect(loading).rejects.toThrow("enough");
  const model = await connectModel(worker, undefined, { backend: "cpu" });
  expect((await model.chat(hello, { maxTokens: 2 }).result()).usage.completionTokens).toBe(2);
  await worker.terminate();
});

test("a worker that dies rejects everything that is pending, and what is asked later", async () => {
  const worker = startWorker("dying-main.ts");
  const model = await connectModel(worker, undefined, { backend: "cpu" });
  const other = await connectModel(worker, undefined, { backend: "cpu" });
  const lost = { code: "WORKER_LOST", message: expect.stringContaining("code 3") };
  let waiting: Promise<unknown> | undefined;
  const read = async (): Promise<void> => {
    for await (const event of model.chat(hello, endless)) {
      if (event.type !== "token") continue;
      waiting ??= expect(other.chat(hello, endless).result()).rejects.toMatchObject(lost);
      worker.postMessage("die");
    }
  };
  await expect(read()).rejects.toMatchObject(lost);
  await waiting;
  await expect(model.stats()).rejects.toMatchObject(lost);
  await expect(model.lost).resolves.toMatchObject(lost);
  await model[Symbol.asyncDispose]();
});

test("a worker whose script throws is lost before it was there", async () => {
  const loading = connectModel(startWorker("broken-main.ts"));
  await expect(loading).rejects.toMatchObject({
    code: "WORKER_LOST",
    message: expect.stringMatching(/did not start.*does not start/),
  });
});

test("disposing ends the answers under way, and nothing can be asked after", async () => {
  const worker = startWorker();
  const model = await connectModel(worker, undefined, { backend: "cpu" });
  const stream = model.chat(hello, endless);
  let disposal: Promise<void> | undefined;
  const read = async (): Promise<void> => {
    for await (const event of stream) {
      if (event.type === "token") disposal ??= model[Symbol.asyncDispose]();
    }
  };
  await expect(read()).rejects.toMatchObject({ code: "MODEL_DISPOSED" });
  await disposal;
  await model[Symbol.asyncDispose]();
  await expect(model.chat(hello).result()).rejects.toMatchObject({ code: "MODEL_DISPOSED" });
  await worker.terminate();
});
