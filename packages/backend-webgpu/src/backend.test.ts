import { architectureOf, loadModel } from "@krait/models";
import { type Backend, buildProgram, type Extents, quantize } from "@krait/tensor";
import { EqualitySubject, randomModel } from "@krait/testing";
import { describe, expect, test } from "vitest";
import { adapter, withAdapter } from "../test-support/adapter.ts";
import { createWebGPUBackend } from "./index.ts";

const one: Extents = { rows: 1, segments: 1, longestSegment: 1, context: 1, outputRows: 1 };

/** output = row 0 or 1 of a table, by a fed token. */
const lookUp = buildProgram("lookUp", (b) => {
  const token = b.resolveToken({
    token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
    slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
    lastToken: b.state("lastToken", { per: "slot", count: 2, shape: [1], dtype: "i32" }),
  });
  b.output("found", b.embed(token, b.weight("table", { shape: [2, 1], format: "f32" })));
});

async function bindLookUp(backend: Backend) {
  const stored = quantize("f32", Float32Array.of(10, 20));
  const table = await backend.loadWeight(lookUp.weights.table!, {
    byteLength: stored.byteLength,
    async *pieces() {
      yield stored;
    },
  });
  const lastToken = backend.allocate(8, "lastToken");
  const executable = await backend.compile(lookUp, { largest: { ...one, rows: 3 } });
  return { table, lastToken, step: executable.bind({ weights: { table }, states: { lastToken } }) };
}

const floatsOf = async (buffer: { read(): Promise<Uint8Array> }) => [
  ...new Float32Array((await buffer.read()).slice().buffer),
];

await withAdapter("the backend", () => {
  describe("a step", () => {
    test("and the reads after it are one submit, and the next is encoded before they are there", async () => {
      await using backend = await createWebGPUBackend();
      const { step } = await bindLookUp(backend);
      step.run(one, { token: Int32Array.of(1) });
      await step.outputs.found!.read(0, 4);
      const before = backend.counters;
      step.run(one, { token: Int32Array.of(0) });
      const [first, again] = [step.outputs.found!.read(0, 4), step.outputs.found!.read(0, 4)];
      step.run(one, { token: Int32Array.of(1) });
      const second = step.outputs.found!.read(0, 4);
      expect(backend.counters.submits - before.submits).toBe(1); // the first; the second is open
      expect(await floatsOf({ read: () => first })).toEqual([10]);
      expect(await floatsOf({ read: () => again })).toEqual([10]);
      expect(await floatsOf({ read: () => second })).toEqual([20]);
      const { submits, dispatches, bytesRead } = backend.counters;
      expect(submits - before.submits).toBe(2);
      expect(dispatches - before.dispatches).toBe(4);
      expect(bytesRead - before.bytesRead).toBe(12);
    });

    test("keeps feeds that are not given, zeros at first, and takes its own copy of them", async () => {
      await using backend = await createWebGPUBackend();
      const { step } = await bindLookUp(backend);
      const rows = { ...one, rows: 3 };
      step.run(rows, {});
      expect(await floatsOf(step.outputs.found!)).toEqual([10, 10, 10]);
      const token = Int32Array.of(1, 0, 1);
      step.run(rows, { token });
      token.fill(0);
      step.run(rows, {});
      expect(await floatsOf(step.outputs.found!)).toEqual([20, 10, 20]);
    });

    test("tells what its kernels took, and does what it does otherwise", async (context) => {
      if (!adapter!.features.has("timestamp-query")) context.skip("the adapter has no timestamps");
      await using backend = await createWebGPUBackend();
      const { step } = await bindLookUp(backend);
      const times = await backend.profile(step, one, { token: Int32Array.of(1) });
      expect(await floatsOf({ read: () => step.outputs.found!.read(0, 4) })).toEqual([20]);
      expect(times.map(({ op, kernel }) => [op.op, kernel])).toEqual([
        ["resolveToken", "resolve_token"],
        ["embed", "embed"],
      ]);
      for (const { seconds } of times) expect(seconds).toBeLessThan(10);
    });

    test("that is run again leaves the same bits", async () => {
      await using backend = await createWebGPUBackend();
      const subject = await EqualitySubject.load(
        await randomModel(1),
        backend,
        ({ config, weights }, on, sizes) => loadModel(architectureOf(config), weights, on, sizes),
        { exact: true },
      );
      const prompt = subject.tokens(20);
      const first = await subject.run(0, prompt);
      await subject.run(0, subject.tokens(30));
      subject.requireEqual("again", await subject.run(0, prompt), first);
    });
  });

  describe("buffers", () => {
    test("copy within one and between two, in the order of writes", async () => {
      await using backend = await createWebGPUBackend();
      const [a, b] = [backend.allocate(16, "a"), backend.allocate(16, "b")];
      a.write(
        0,
        Uint8Array.from({ length: 16 }, (_, i) => i),
      );
      const copy = (sourceOffset: number, target: typeof a, targetOffset: number, byteLength: number) =>
        backend.copy([{ source: a, sourceOffset, target, targetOffset, byteLength }]);
      copy(4, b, 8, 8);
      copy(0, a, 8, 4);
      a.write(0, Uint8Array.of(9, 9, 9, 9));
      b.clear(12, 4);
      expect([...(await b.read(6))]).toEqual([0, 0, 4, 5, 6, 7, 0, 0, 0, 0]);
      expect([...(await a.read(8, 4))]).toEqual([0, 1, 2, 3]);
      expect(() => copy(0, a, 4, 8)).toThrow(/overlaps itself/);
      expect(() => a.write(13, new Uint8Array(4))).toThrow(/Bytes 13 to 17 are not inside "a"/);
    });

    test("are refused past the limit, and all are freed in the end", async () => {
      const backend = await createWebGPUBackend({ memoryBytes: 2 ** 16 });
      expect(() => backend.allocate(2 ** 17, "large")).toThrow(
        expect.objectContaining({ code: "MEMORY_EXCEEDED" }),
      );
      for (let cycle = 0; cycle < 100; cycle++) {
        const { table, lastToken, step } = await bindLookUp(backend);
        step.run(one, { token: Int32Array.of(1) });
        for (const held of [step, table, lastToken]) held[Symbol.dispose]();
      }
      expect(backend.counters).toMatchObject({ buffers: 0, allocatedBytes: 0 });
      await backend[Symbol.asyncDispose]();
      expect(() => backend.allocate(16, "late")).toThrow(expect.objectContaining({ code: "DISPOSED" }));
    });
  });

  test("a device that is destroyed is lost, with everything that is pending", async () => {
    const fresh = adapter!.requestDevice.bind(adapter!);
    let device: GPUDevice | undefined;
    const spy = new Proxy(adapter!, {
      get(target, key) {
        if (key === "requestDevice")
          return async (options: GPUDeviceDescriptor) => (device = await fresh(options));
        return Reflect.get(target, key, target);
      },
    });
    const backend = await createWebGPUBackend({ adapter: spy });
    const { step } = await bindLookUp(backend);
    step.run(one, { token: Int32Array.of(1) });
    const pending = step.outputs.found!.read(0, 4);
    device!.destroy();
    await expect(pending).rejects.toMatchObject({ code: "BACKEND_LOST", backend: "webgpu" });
    expect(await backend.lost).toMatchObject({ code: "BACKEND_LOST" });
    expect(() => step.run(one, {})).toThrow(expect.objectContaining({ code: "BACKEND_LOST" }));
    step[Symbol.dispose]();
    await backend[Symbol.asyncDispose]();
  });
});
