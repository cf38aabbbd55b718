import { brotliCompressSync } from "node:zlib";
import { type Backend, buildProgram, type Extents, quantize } from "@krait/tensor";
import { sourceOf } from "@krait/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { withEmulator } from "../test-support/with-emulator.ts";
import { deviceOf } from "./backend.ts";
import { type CudaBackend, createCudaBackend } from "./index.ts";

const one: Extents = { rows: 1, segments: 0, longestSegment: 0, context: 0, outputRows: 0 };
const slot = new Int32Array(8);

/** Rows of a table and the tokens that they belong to, by fed tokens. */
const lookUp = buildProgram("lookUp", (b) => {
  const token = b.resolveToken({
    token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
    slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
    lastToken: b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" }),
  });
  b.output("token", token);
  b.output("found", b.embed(token, b.weight("table", { shape: [9, 1], format: "f32" })));
});

async function bindLookUp(backend: Backend) {
  const stored = quantize(
    "f32",
    Float32Array.from({ length: 9 }, (_, row) => 10 * row),
  );
  const table = await backend.loadWeight(lookUp.weights.table!, sourceOf(stored));
  const lastToken = backend.allocate(4, "lastToken");
  const executable = await backend.compile(lookUp, { largest: { ...one, rows: 8 } });
  return { table, lastToken, step: executable.bind({ weights: { table }, states: { lastToken } }) };
}

const floatsOf = async (bytes: Promise<Uint8Array>) => [...new Float32Array((await bytes).slice().buffer)];

test("without a driver it says which library is missing", async () => {
  await expect(createCudaBackend({ library: "libcuda-of-nobody.so.1" })).rejects.toMatchObject({
    code: "CUDA_UNAVAILABLE",
    message: expect.stringContaining("there is no NVIDIA driver (libcuda-of-nobody.so.1 does not load)"),
  });
});

await withEmulator("the backend on an emulated GPU", (emulator) => {
  const create = (options: Parameters<typeof createCudaBackend>[0] = {}) =>
    createCudaBackend({ library: emulator.library, ...options });

  describe.each([
    [{ devices: 0 }, {}, /the driver finds no NVIDIA GPU/],
    [{}, { device: 3 }, /there is no GPU 3; there are 1, from 0/],
    [{ driver: 11020 }, {}, /the driver is for CUDA 11\.2; it needs one for CUDA 11\.4 \(version 470\)/],
    [{ major: 7 }, {}, /Emulated GPU has compute capability 7\.0; it needs 8\.0/],
  ])("on a machine with %j", (machine, options, message) => {
    afterEach(() => emulator.setDevice());
    test("it is not there, and says what was found", async () => {
      emulator.setDevice(machine);
      await expect(create(options)).rejects.toMatchObject({
        code: "CUDA_UNAVAILABLE",
        message: expect.stringMatching(message),
      });
    });
  });

  describe("a step", () => {
    let backend: CudaBackend;
    beforeEach(async () => {
      backend = await create();
    });
    afterEach(() => backend[Symbol.asyncDispose]());

    test("is one upload, one graph and one download once its extents were seen twice", async () => {
      const { step } = await bindLookUp(backend);
      const read = () =>
        Promise.all([step.outputs.token!.read(0, 4), floatsOf(step.outputs.found!.read(0, 4))]);
      const results: number[][] = [];
      const changes: unknown[] = [];
      for (const token of [1, 2, 3, 4]) {
        const before = backend.counters;
        step.run(one, { token: Int32Array.of(token), slot });
        results.push((await read())[1]);
        const { uploads, launches, graphLaunches, downloads } = backend.counters;
        changes.push([
          uploads - before.uploads,
          launches - before.launches,
          graphLaunches - before.graphLaunches,
          downloads - before.downloads,
        ]);
      }
      expect(results).toEqual([[10], [20], [30], [40]]);
      expect(changes).toEqual([
        [1, 2, 0, 1],
        [1, 0, 1, 1],
        [1, 0, 1, 1],
        [1, 0, 1, 1],
      ]);
    });

    test("can be enqueued before the one before is read", async () => {
      const { step } = await bindLookUp(backend);
      const reads = [5, 6, 7].map((token) => {
        step.run(one, { token: Int32Array.of(token), slot });
        return floatsOf(step.outputs.found!.read(0, 4));
      });
      expect(await Promise.all(reads)).toEqual([[50], [60], [70]]);
    });

    test("of a graph for more rows leaves the rows past its own as they are", async () => {
      const { step } = await bindLookUp(backend);
      const run = (...tokens: number[]) =>
        step.run({ ...one, rows: tokens.length }, { token: Int32Array.from(tokens), slot });
      // 5 to 6 rows share a graph.
      run(1, 2, 3, 4, 5, 6);
      run(6, 5, 4, 3, 2, 1);
      const { graphLaunches } = backend.counters;
      run(8, 7, 6, 5, 4);
      expect(backend.counters.graphLaunches).toBe(graphLaunches + 1);
      expect(await floatsOf(step.outputs.found!.read(0, 24))).toEqual([80, 70, 60, 50, 40, 10]);
    });

    test("reads a feed that is not given as it was, and a slot's last token where −1 is fed", async () => {
      const { step, lastToken } = await bindLookUp(backend);
      lastToken.write(0, new Uint8Array(Int32Array.of(7).buffer));
      step.run({ ...one, rows: 2 }, { token: Int32Array.of(-1, 3), slot });
      expect(await floatsOf(step.outputs.found!.read(0, 8))).toEqual([70, 30]);
      step.run({ ...one, rows: 2 }, {});
      expect(await floatsOf(step.outputs.found!.read(0, 8))).toEqual([70, 30]);
    });

    test("with a weight or state that was disposed is refused", async () => {
      const { step, table } = await bindLookUp(backend);
      table[Symbol.dispose]();
      expect(() => step.run(one, {})).toThrow(expect.objectContaining({ code: "DISPOSED" }));
    });
  });

  test("reads see all that was enqueued before, and nothing that was enqueued after", async () => {
    await using backend = await create();
    const [a, b] = [backend.allocate(16, "a"), backend.allocate(16, "b")];
    const bytes = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
    a.write(0, bytes(1, 2, 3, 4));
    const first = floatsOf(a.read());
    a.write(4, bytes(9));
    backend.copy([{ source: a, sourceOffset: 0, target: b, targetOffset: 4, byteLength: 12 }]);
    const [second, copied] = [floatsOf(a.read(4, 4)), floatsOf(b.read())];
    a.clear(0, 8);
    expect(await first).toEqual([1, 2, 3, 4]);
    expect(await second).toEqual([9]);
    expect(await copied).toEqual([0, 1, 9, 3]);
    expect(await floatsOf(a.read())).toEqual([0, 0, 3, 4]);
  });

  test("the event loop goes on while a read waits for the device", async () => {
    await using backend = await create();
    const buffer = backend.allocate(4, "buffer");
    const order: string[] = [];
    const read = buffer.read().then(() => order.push("read"));
    setImmediate(() => order.push("other work"));
    await read;
    expect(order).toEqual(["other work", "read"]);
  });

  test("a long write comes whole through small pieces of pinned memory", async () => {
    await using backend = await create();
    const bytes = new Uint8Array(9_000_003);
    for (let i = 0; i < bytes.length; i++) bytes[i] = i % 251;
    const buffer = backend.allocate(bytes.byteLength, "long");
    buffer.write(0, bytes);
    bytes.fill(0);
    const got = await buffer.read();
    expect([got[0], got[250], got[251], got.at(-1)]).toEqual([0, 250, 0, 9_000_002 % 251]);
  });

  test("memory past the limit, or past the device's, is refused with what was asked and what is there", async () => {
    await using backend = await create({ memoryBytes: 10_000 });
    const expected = { code: "MEMORY_EXCEEDED", requestedBytes: 20_000, memoryBytes: 10_000 };
    expect(() => backend.allocate(20_000, "large")).toThrow(expect.objectContaining(expected));
    emulator.setDevice({ bytes: 6000 });
    expect(() => backend.allocate(8000, "full")).toThrow(
      expect.objectContaining({ code: "MEMORY_EXCEEDED" }),
    );
    emulator.setDevice();
  });

  test("a step of more rows than a grid counts is refused when it is compiled, with what to do", async () => {
    await using backend = await create();
    const largest = { ...one, rows: 70_000 };
    await expect(backend.compile(lookUp, { largest })).rejects.toMatchObject({
      code: "STEP_TOO_LARGE",
      message: expect.stringMatching(/70000 blocks .* op 1 \(embed\).* up to 65535: compile for fewer rows/),
    });
  });

  test("PTX that the driver does not take fails with what the driver says of it", async () => {
    await using backend = await create();
    const base64 = brotliCompressSync("no PTX").toString("base64");
    const load = () => deviceOf(backend).modules.kernel({ name: "broken", sourceHash: "", base64 }, "k");
    expect(load).toThrow(
      expect.objectContaining({ code: "CUDA_FAILED", call: "cuModuleLoadDataEx", result: 218 }),
    );
    expect(load).toThrow(/CUDA_ERROR_INVALID_PTX \(218\): .*: ptxas: line 1: no version\.$/);
    const { driver } = deviceOf(backend);
    expect(() => driver.callFor("an op", load)).toThrow(/cuModuleLoadDataEx for an op failed/);
    expect(load).toThrow(/cuModuleLoadDataEx failed/);
  });

  test("everything that was allocated is given back", async () => {
    await using backend = await create();
    const before = backend.counters;
    const { step, table, lastToken } = await bindLookUp(backend);
    step.run(one, { token: Int32Array.of(1), slot });
    for (const part of [step, table, lastToken]) part[Symbol.dispose]();
    expect(backend.counters).toMatchObject({
      buffers: before.buffers,
      allocatedBytes: before.allocatedBytes,
    });
  });

  test("what a backend gives back when it is disposed is there for the next, also while another is open", async () => {
    await using first = await create();
    const second = await create();
    second.allocate(2 ** 20, "buffer");
    await second[Symbol.asyncDispose]();
    await using third = await create();
    expect(third.limits.memoryBytes).toBe(first.limits.memoryBytes);
  });

  test("what is pending when it is disposed rejects", async () => {
    const backend = await create();
    const read = backend.allocate(4, "buffer").read();
    const rejected = expect(read).rejects.toMatchObject({ code: "DISPOSED" });
    await backend[Symbol.asyncDispose]();
    await rejected;
    expect(() => backend.allocate(4, "late")).toThrow(expect.objectContaining({ code: "DISPOSED" }));
  });

  test("after a fault of the GPU, lost settles and everything pending rejects with the same error", async () => {
    const backend = await create();
    const { step } = await bindLookUp(backend);
    const reached = backend.lost;
    emulator.failNextLaunch();
    step.run(one, { token: Int32Array.of(1), slot });
    const reads = [step.outputs.found!.read(), step.outputs.token!.read()].map((read) =>
      read.catch((e) => e),
    );
    const error = await reached;
    expect(await Promise.all(reads)).toEqual([error, error]);
    expect(error).toMatchObject({ code: "BACKEND_LOST", cause: { code: "CUDA_FAILED", result: 719 } });
    expect(error.message).toMatch(
      /cuEventQuery failed on GPU 0 \(Emulated GPU\) with CUDA_ERROR_LAUNCH_FAILED/,
    );
    expect(() => step.run(one, {})).toThrow(error);
    await backend[Symbol.asyncDispose]();
    await expect(create()).rejects.toMatchObject({
      code: "CUDA_UNAVAILABLE",
      message: expect.stringMatching(/cuMemGetInfo_v2 failed.*719.*process has to be started anew\.$/),
    });
    emulator.reset();
    await using again = await create();
    expect(again.limits.memoryBytes).toBeGreaterThan(0);
  });

  test("a fault of what was still to be done when it is disposed is nobody's", async () => {
    const backend = await create();
    const { step } = await bindLookUp(backend);
    emulator.failNextLaunch();
    step.run(one, { token: Int32Array.of(1), slot });
    await backend[Symbol.asyncDispose]();
    emulator.reset();
  });

  test("a fault that nobody reads about settles lost, too, by whichever call reports it", async () => {
    const backend = await create();
    const { step } = await bindLookUp(backend);
    emulator.failNextLaunch();
    step.run(one, { token: Int32Array.of(1), slot });
    const { driver, queue } = deviceOf(backend);
    const wait = () => driver.call("cuStreamSynchronize", queue.stream);
    expect(wait).toThrow(expect.objectContaining({ code: "BACKEND_LOST" }));
    expect(await backend.lost).toMatchObject({ cause: { call: "cuStreamSynchronize", result: 719 } });
    expect(() => step.run(one, {})).toThrow(await backend.lost);
    await backend[Symbol.asyncDispose]();
    emulator.reset();
  });
});
