import threads, { type Worker } from "node:worker_threads";
import { buildProgram } from "@krait/tensor";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { randomTable } from "../../test-support/random-table.ts";
import { bindTied, runTied } from "../../test-support/tied-logits.ts";
import { heldAs } from "../held.ts";
import { createWasmBackend } from "../index.ts";
import { compileKernels } from "../kernel-build.ts";
import { instantiateKernels } from "../kernel-module.ts";
import { Shards } from "./shards.ts";

const started: Worker[] = [];
const { Worker: OriginalWorker } = threads;

beforeEach(() => {
  started.length = 0;
  threads.Worker = class extends OriginalWorker {
    constructor(...given: ConstructorParameters<typeof OriginalWorker>) {
      super(...given);
      started.push(this);
    }
  };
});
afterEach(() => {
  threads.Worker = OriginalWorker;
});

test("a thread that ends loses the backend, and steps are refused from then on", async () => {
  await using backend = await createWasmBackend({ threads: 3 });
  const step = await bindTied(backend, "q4_0", randomTable("q4_0"));
  await runTied(step);
  expect(started).toHaveLength(2);
  await started[1]!.terminate();
  const loss = await backend.lost;
  expect(loss).toMatchObject({ code: "BACKEND_LOST", cause: { code: "WASM_THREAD_LOST" } });
  expect(loss?.message).toContain("Thread 2 of the WebAssembly backend has ended.");
  await expect(runTied(step)).rejects.toBe(loss);
  expect(() => backend.allocate(4, "more")).toThrow(loss);
});

test("a thread that ends in the middle of a step is not waited for without end", async () => {
  const kernels = await compileKernels("auto");
  const shards = new Shards(kernels, 2);
  const module = await instantiateKernels(kernels, shards.imports, 2);
  shards.attach(module);
  const held = heldAs({ shape: [64, 64], format: "f32" }, module);
  const weight = await shards.hold(held);
  const [thread] = started;
  const ending = thread!.terminate();
  // The time for which an answer is waited is over sooner.
  const wait = Atomics.wait as (words: object, place: number, value: number | bigint, time: number) => "ok";
  const waits = vi.spyOn(Atomics, "wait").mockImplementation((...it) => wait(it[0], it[1], it[2], 100));
  onTestFinished(() => waits.mockRestore());
  // Nothing is heard of it before this function gives way.
  expect(() => {
    for (let i = 0; i < 1000; i++) shards.fill(weight, 0, new Uint8Array(held.bytes(64)));
  }).toThrow(expect.objectContaining({ code: "WASM_THREAD_LOST" }));
  await ending;
  await shards.dispose();
});

test("threads are started for a Program that has work for them, and not before", async () => {
  await using backend = await createWasmBackend({ threads: 3 });
  const extents = { rows: 1, segments: 0, longestSegment: 0, context: 0, outputRows: 0 };
  const small = buildProgram("small", (b) => {
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
      lastToken: b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" }),
    });
    const table = b.weight("table", { shape: [8, 32], format: "f32" });
    b.output("y", b.linear(b.embed(token, table), table));
  });
  await backend.compile(small, { largest: extents });
  expect(started).toHaveLength(0);
  await bindTied(backend, "q4_0", randomTable("q4_0"));
  expect(started).toHaveLength(2);
});

test("threads that are told to end lose nothing", async () => {
  const backend = await createWasmBackend({ threads: 2 });
  await runTied(await bindTied(backend, "q4_0", randomTable("q4_0")));
  await backend[Symbol.asyncDispose]();
  expect(await Promise.race([backend.lost, Promise.resolve("not lost")])).toBe("not lost");
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await Promise.race([backend.lost, Promise.resolve("not lost")])).toBe("not lost");
});
