import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildProgram, type Extents, quantize, type WeightSource } from "@krait/tensor";
import { maskedDraws } from "@krait/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onNative } from "../test-support/on-native.ts";
import { createNativeBackend } from "./index.ts";

const one: Extents = { rows: 1, segments: 1, longestSegment: 1, context: 1, outputRows: 1 };

/** output = row 0 or 1 of a table, by a fed token. */
const program = buildProgram("lookUp", (b) => {
  const lastToken = b.state("lastToken", { per: "slot", count: 2, shape: [1], dtype: "i32" });
  const slot = b.feed("slot", { shape: ["rows"], dtype: "i32" });
  const token = b.resolveToken({
    token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
    slot,
    lastToken,
  });
  b.output("found", b.embed(token, b.weight("table", { shape: [2, 1], format: "f32" })));
});

function sourceOf(bytes: Uint8Array, byteLength: number = bytes.byteLength): WeightSource {
  return {
    byteLength,
    async *pieces() {
      for (let at = 0; at < bytes.byteLength; at += 4) yield bytes.subarray(at, at + 4);
    },
  };
}

async function load({ memoryBytes = 2 ** 24 } = {}) {
  const backend = await createNativeBackend({ memoryBytes, threads: 2 });
  const table = await backend.loadWeight(
    program.weights.table!,
    sourceOf(quantize("f32", Float32Array.of(10, 20))),
  );
  const lastToken = backend.allocate(8, "lastToken");
  const executable = await backend.compile(program, { largest: { ...one, rows: 3 } });
  return { backend, table, lastToken, executable };
}

async function bind() {
  const loaded = await load();
  const { executable, table, lastToken } = loaded;
  return { ...loaded, step: executable.bind({ weights: { table }, states: { lastToken } }) };
}

const floatsOf = async (buffer: { read(): Promise<Uint8Array> }) => [
  ...new Float32Array((await buffer.read()).buffer),
];

await onNative(() => {
  describe("options", () => {
    test.each([
      [{ threads: 0 }, /threads should be a whole number from 1/],
      [{ threads: 1.5 }, /but is 1.5/],
      [{ isa: "sse9" as "avx2" }, /no instruction set "sse9".*It has .*baseline/],
    ])("%j is refused", async (options, message) => {
      await expect(createNativeBackend(options)).rejects.toMatchObject({
        code: "NATIVE_OPTION_INVALID",
        message: expect.stringMatching(message),
      });
    });
  });

  describe("buffers", () => {
    test.each([1000, 3_000_000])("of %i bytes are zeroed, also where another was before", async (bytes) => {
      await using backend = await createNativeBackend();
      const first = backend.allocate(bytes, "first");
      first.write(0, new Uint8Array(bytes).fill(7));
      first[Symbol.dispose]();
      const second = await backend.allocate(bytes, "second").read();
      expect(second.every((byte) => byte === 0)).toBe(true);
    });

    test("are written, cleared, copied and read in the order of the calls", async () => {
      await using backend = await createNativeBackend();
      const [a, b] = [backend.allocate(16, "a"), backend.allocate(16, "b")];
      const region = { source: a, sourceOffset: 4, target: b, targetOffset: 8, byteLength: 8 };
      const bytes = Uint8Array.from({ length: 16 }, (_, i) => i);
      a.write(0, bytes);
      bytes.fill(99);
      backend.copy([region]);
      const before = a.read(8, 4);
      a.clear(8, 4);
      const after = a.read(4, 8);
      expect([...(await b.read(8))]).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
      expect([...(await before)]).toEqual([8, 9, 10, 11]);
      expect([...(await after)]).toEqual([4, 5, 6, 7, 0, 0, 0, 0]);
      expect(() => backend.copy([{ ...region, target: a, targetOffset: 8 }])).toThrow(/overlaps itself/);
      expect(() => backend.copy([{ ...region, sourceOffset: 2 }])).toThrow(/multiples of 4/);
      await using other = await createNativeBackend();
      const foreign = other.allocate(16, "foreign");
      expect(() => backend.copy([{ ...region, target: foreign }])).toThrow(/another backend/);
    });

    test("refuse regions outside of them, and any use after they are disposed", async () => {
      await using backend = await createNativeBackend();
      const buffer = backend.allocate(8, "small");
      expect(() => buffer.write(5, new Uint8Array(4))).toThrow(/Bytes 5 to 9 are not inside "small" of 8/);
      buffer[Symbol.dispose]();
      buffer[Symbol.dispose]();
      await expect(buffer.read()).rejects.toMatchObject({ code: "DISPOSED" });
    });

    test("are refused past the limit, which disposing makes room under", async () => {
      await using backend = await createNativeBackend({ memoryBytes: 100 });
      const most = backend.allocate(60, "most");
      expect(() => backend.allocate(41, "more")).toThrow(
        expect.objectContaining({ code: "MEMORY_EXCEEDED", requestedBytes: 41, allocatedBytes: 60 }),
      );
      most[Symbol.dispose]();
      backend.allocate(100, "all");
    });

    test("that the system has no memory for are refused", async () => {
      await using backend = await createNativeBackend({ memoryBytes: 2 ** 52 });
      expect(() => backend.allocate(2 ** 51, "huge")).toThrow(
        expect.objectContaining({ code: "MEMORY_EXCEEDED" }),
      );
    });
  });

  describe("weights", () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "krait-native-"));
    });
    afterAll(() => rm(folder, { recursive: true }));

    test.each([
      ["ends early", sourceOf(new Uint8Array(8), 16)],
      ["goes on too long", sourceOf(new Uint8Array(24), 16)],
      ["says another length", sourceOf(new Uint8Array(16), 12)],
    ])("a source that %s is refused, and its memory given back", async (_, source) => {
      await using backend = await createNativeBackend({ memoryBytes: 16 });
      const loading = backend.loadWeight({ shape: [4], format: "f32" }, source);
      await expect(loading).rejects.toMatchObject({ code: "WEIGHT_LENGTH", expectedBytes: 16 });
      backend.allocate(16, "all of it");
    });

    test("an aborted load gives its memory back", async () => {
      await using backend = await createNativeBackend({ memoryBytes: 16 });
      const controller = new AbortController();
      const source: WeightSource = {
        byteLength: 16,
        async *pieces() {
          yield new Uint8Array(8);
          controller.abort(new Error("enough"));
          yield new Uint8Array(8);
        },
      };
      const loading = backend.loadWeight({ shape: [4], format: "f32" }, source, controller.signal);
      await expect(loading).rejects.toThrow("enough");
      backend.allocate(16, "all of it");
    });

    test("of a format without a kernel are refused with the formats that there are", async () => {
      await using backend = await createNativeBackend();
      await expect(
        backend.loadWeight({ shape: [1], format: "i32" }, sourceOf(new Uint8Array(4))),
      ).rejects.toMatchObject({
        code: "OP_UNSUPPORTED",
        backend: "native",
        supported: backend.weightFormats,
      });
    });

    test("of a file that is too short, or is not there, are refused", async () => {
      await using backend = await createNativeBackend();
      const path = join(folder, "short");
      await writeFile(path, new Uint8Array(100_000));
      const spec = { shape: [32768], format: "f32" } as const;
      const source = { ...sourceOf(new Uint8Array(0), 131072), file: { path, byteOffset: 0 } };
      const failed = { code: "FILE_UNMAPPABLE", message: expect.stringContaining("ends before") };
      await expect(backend.loadWeight(spec, source)).rejects.toMatchObject(failed);
      const absent = { ...source, file: { path: join(folder, "absent"), byteOffset: 0 } };
      await expect(backend.loadWeight(spec, absent)).rejects.toMatchObject({ code: "FILE_UNMAPPABLE" });
    });
  });

  describe("a step", () => {
    test("keeps feeds that are not given, zeros at first, and takes its own copy of them", async () => {
      const { backend, step } = await bind();
      const rows = { ...one, rows: 3 };
      step.run(rows, {});
      expect(await floatsOf(step.outputs.found!)).toEqual([10, 10, 10]);
      const token = Int32Array.of(1, 0, 1);
      step.run(rows, { token });
      token.fill(0);
      step.run(rows, {});
      expect(await floatsOf(step.outputs.found!)).toEqual([20, 10, 20]);
      await backend[Symbol.asyncDispose]();
    });

    test("is refused by reads after it, and no longer once one of them has been heard", async () => {
      const { backend, step } = await bind();
      step.run(one, { token: Int32Array.of(2) });
      step.run(one, { token: Int32Array.of(1) }); // built on a step that never was: left out
      const reads = [step.outputs.found!.read(), step.outputs.found!.read()];
      for (const read of reads) {
        await expect(read).rejects.toThrow(/"lookUp": feed "token" is 2 at 0, expected -1 to 1/);
      }
      step.run(one, { token: Int32Array.of(1) });
      expect((await floatsOf(step.outputs.found!))[0]).toBe(20);
      await backend[Symbol.asyncDispose]();
    });

    test("refuses what the host can see at once", async () => {
      const { backend, step } = await bind();
      expect(() => step.run(one, { tokens: Int32Array.of(0) })).toThrow(/no feed "tokens"/);
      expect(() => step.run(one, { token: Float32Array.of(0) })).toThrow(/is Float32Array/);
      expect(() => step.run({ ...one, rows: 4 }, {})).toThrow(/"rows" is 4, expected 0 to 3/);
      await backend[Symbol.asyncDispose]();
    });

    test("is refused what is missing, foreign or disposed", async () => {
      const { backend, executable, table, lastToken, step } = await bind();
      const states = { lastToken };
      expect(() => executable.bind({ weights: {}, states })).toThrow(/Weight "table" is not bound/);
      const other = await load();
      expect(() => executable.bind({ weights: { table: other.table }, states })).toThrow(/another backend/);
      table[Symbol.dispose]();
      expect(() => step.run(one, {})).toThrow(/Weight "table" is disposed/);
      await other.backend[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
      expect(() => backend.allocate(4, "late")).toThrow(expect.objectContaining({ code: "DISPOSED" }));
      lastToken[Symbol.dispose]();
      await expect(step.outputs.found!.read()).rejects.toMatchObject({ code: "DISPOSED" });
    });
  });

  test("a mask is applied before top-k, which then has tokens to choose from", async () => {
    await using backend = await createNativeBackend({ threads: 2 });
    const { drawn, expected } = await maskedDraws(backend);
    expect(drawn).toEqual(expected);
  });
});
