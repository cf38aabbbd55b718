import { architectureOf, loadModel } from "@krait/models";
import { EqualitySubject, randomModel } from "@krait/testing";
import { describe, expect, test } from "vitest";
import { adapter, withAdapter } from "../test-support/adapter.ts";
import { bindLookUp, floatsOf, lookUp, one } from "../test-support/look-up.ts";
import { createWebGPUBackend } from "./index.ts";

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

    test("is timed where it runs, for whoever asks for the next one", async (context) => {
      if (!adapter!.features.has("timestamp-query")) context.skip("the adapter has no timestamps");
      await using backend = await createWebGPUBackend();
      const { step } = await bindLookUp(backend);
      const next = backend.profileStep!();
      step.run(one, { token: Int32Array.of(1) });
      expect(await floatsOf({ read: () => step.outputs.found!.read(0, 4) })).toEqual([20]);
      const { program, extents, ops } = await next;
      expect({ program, extents }).toEqual({ program: "lookUp", extents: one });
      expect(ops.map(({ op }) => op.op)).toEqual(["resolveToken", "embed"]);
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

  test("tells how many kernels are compiled, up to all", async () => {
    await using backend = await createWebGPUBackend();
    const told: { compiledKernels: number; totalKernels: number }[] = [];
    await backend.compile(lookUp, { largest: one, onProgress: (progress) => told.push(progress) });
    expect(told).toEqual([
      { compiledKernels: 1, totalKernels: 2 },
      { compiledKernels: 2, totalKernels: 2 },
    ]);
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

    test("are refused past the limit", async () => {
      await using backend = await createWebGPUBackend({ memoryBytes: 2 ** 16 });
      expect(() => backend.allocate(2 ** 17, "large")).toThrow(
        expect.objectContaining({ code: "MEMORY_EXCEEDED" }),
      );
    });

    test("that no buffer could hold are refused when a Program is compiled, before weights are loaded", async () => {
      await using backend = await createWebGPUBackend({ maxBufferBytes: 2 ** 16 });
      const tooLarge = { ...one, rows: 2 ** 15 };
      await expect(backend.compile(lookUp, { largest: tooLarge })).rejects.toMatchObject({
        code: "BUFFER_TOO_LARGE",
        message: expect.stringMatching(/131072 bytes.* end at 65536/),
      });
      expect(backend.counters.buffers).toBe(0);
    });
  });
});
