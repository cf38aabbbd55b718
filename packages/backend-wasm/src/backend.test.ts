import { buildProgram, type Extents, quantize, type WeightSource } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import { createWasmBackend } from "./index.ts";

const one: Extents = { rows: 1, segments: 1, longestSegment: 1, context: 1, outputRows: 1 };

/** output = row 0 or 1 of a table, by a fed token. */
function lookUp(format: "f32" | "i32" = "f32") {
  return buildProgram("lookUp", (b) => {
    const lastToken = b.state("lastToken", { per: "slot", count: 2, shape: [1], dtype: "i32" });
    const slot = b.feed("slot", { shape: ["rows"], dtype: "i32" });
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot,
      lastToken,
    });
    b.output("found", b.embed(token, b.weight("table", { shape: [2, 1], format })));
  });
}

function sourceOf(bytes: Uint8Array, byteLength: number = bytes.byteLength): WeightSource {
  return {
    byteLength,
    async *pieces() {
      for (let at = 0; at < bytes.byteLength; at += 4) yield bytes.subarray(at, at + 4);
    },
  };
}

async function load({ memoryBytes = 2 ** 24 } = {}) {
  const backend = await createWasmBackend({ memoryBytes });
  const program = lookUp();
  const table = await backend.loadWeight(
    program.weights.table!,
    sourceOf(quantize("f32", Float32Array.of(10, 20))),
  );
  const lastToken = backend.allocate(8, "lastToken");
  const executable = await backend.compile(program, { largest: { ...one, rows: 3 } });
  return { backend, table, lastToken, executable };
}

const floatsOf = async (buffer: { read(): Promise<Uint8Array> }) => [
  ...new Float32Array((await buffer.read()).buffer),
];

describe("buffers", () => {
  test("are zeroed, also where another was before", async () => {
    const backend = await createWasmBackend();
    const first = backend.allocate(1000, "first");
    first.write(0, new Uint8Array(1000).fill(7));
    first[Symbol.dispose]();
    expect((await backend.allocate(1000, "second").read()).every((byte) => byte === 0)).toBe(true);
  });

  test("keep what they hold when memory grows and moves", async () => {
    const backend = await createWasmBackend();
    const buffer = backend.allocate(8, "kept");
    buffer.write(4, Uint8Array.of(1, 2, 3, 4));
    backend.allocate(2 ** 24, "large");
    expect([...(await buffer.read(2, 6))]).toEqual([0, 0, 1, 2, 3, 4]);
  });

  test("refuse regions outside of them, and any use after they are disposed", async () => {
    const buffer = (await createWasmBackend()).allocate(8, "small");
    expect(() => buffer.write(5, new Uint8Array(4))).toThrow(/Bytes 5 to 9 are not inside "small" of 8/);
    buffer[Symbol.dispose]();
    buffer[Symbol.dispose]();
    await expect(buffer.read()).rejects.toMatchObject({ code: "DISPOSED" });
  });

  test("are refused past the limit, which disposing makes room under", async () => {
    const backend = await createWasmBackend({ memoryBytes: 100 });
    const most = backend.allocate(60, "most");
    expect(() => backend.allocate(41, "more")).toThrow(
      expect.objectContaining({ code: "MEMORY_EXCEEDED", requestedBytes: 41, allocatedBytes: 60 }),
    );
    most[Symbol.dispose]();
    backend.allocate(100, "all");
  });

  test("copy within one and between two, and not over themselves or to another backend", async () => {
    const backend = await createWasmBackend();
    const [a, b] = [backend.allocate(16, "a"), backend.allocate(16, "b")];
    a.write(
      0,
      Uint8Array.from({ length: 16 }, (_, i) => i),
    );
    const copy = (sourceOffset: number, target: typeof a, targetOffset: number, byteLength: number) =>
      backend.copy([{ source: a, sourceOffset, target, targetOffset, byteLength }]);
    copy(4, b, 8, 8);
    copy(0, a, 8, 4);
    expect([...(await b.read(8))]).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
    expect([...(await a.read(8, 4))]).toEqual([0, 1, 2, 3]);
    expect(() => copy(0, a, 4, 8)).toThrow(/overlaps itself/);
    expect(() => copy(2, b, 0, 4)).toThrow(/multiples of 4/);
    const foreign = (await createWasmBackend()).allocate(16, "foreign");
    expect(() => copy(0, foreign, 0, 4)).toThrow(/another backend/);
  });
});

describe("weights", () => {
  test.each([
    ["ends early", sourceOf(new Uint8Array(8), 16)],
    ["goes on too long", sourceOf(new Uint8Array(24), 16)],
    ["says another length", sourceOf(new Uint8Array(16), 12)],
  ])("a source that %s is refused, and its memory given back", async (_, source) => {
    const backend = await createWasmBackend({ memoryBytes: 16 });
    const loading = backend.loadWeight({ shape: [4], format: "f32" }, source);
    await expect(loading).rejects.toMatchObject({ code: "WEIGHT_LENGTH", expectedBytes: 16 });
    backend.allocate(16, "all of it");
  });

  test("keep their stored size", async () => {
    const backend = await createWasmBackend();
    const weight = await backend.loadWeight({ shape: [6], format: "bf16" }, sourceOf(new Uint8Array(12)));
    expect(weight.byteLength).toBe(12);
  });

  test("of a format without a kernel are refused with the formats that there are", async () => {
    const backend = await createWasmBackend();
    await expect(backend.compile(lookUp("i32"), { largest: one })).rejects.toMatchObject({
      code: "OP_UNSUPPORTED",
      op: "embed",
      backend: "wasm",
      formats: ["i32"],
      supported: backend.weightFormats,
    });
    await expect(
      backend.loadWeight({ shape: [1], format: "i32" }, sourceOf(new Uint8Array(4))),
    ).rejects.toMatchObject({ code: "OP_UNSUPPORTED" });
  });
});

describe("a step", () => {
  test("keeps feeds that are not given, zeros at first, and takes its own copy of them", async () => {
    const { executable, table, lastToken } = await load();
    const step = executable.bind({ weights: { table }, states: { lastToken } });
    const rows = { ...one, rows: 3 };
    step.run(rows, {});
    expect(await floatsOf(step.outputs.found!)).toEqual([10, 10, 10]);
    const token = Int32Array.of(1, 0, 1);
    step.run(rows, { token });
    token.fill(0);
    step.run(rows, {});
    expect(await floatsOf(step.outputs.found!)).toEqual([20, 10, 20]);
  });

  test.each([
    ["an unknown feed", { tokens: Int32Array.of(0) }, /no feed "tokens"; its feeds are slot, token/],
    ["another dtype", { token: Float32Array.of(0) }, /"token" is Float32Array, expected Int32Array for i32/],
    ["too few elements", { token: new Int32Array(0) }, /0 elements, expected 1 for \[1\]/],
    ["a token past the vocabulary", { token: Int32Array.of(2) }, /feed "token" is 2 at 0, expected -1 to 1/],
    ["a slot that does not exist", { slot: Int32Array.of(2) }, /feed "slot" is 2 at 0, expected -1 to 1/],
  ])("refuses %s", async (_, feeds, message) => {
    const { executable, table, lastToken } = await load();
    const step = executable.bind({ weights: { table }, states: { lastToken } });
    expect(() => step.run(one, feeds as Record<string, ArrayBufferView>)).toThrow(message);
    expect(() => step.run({ ...one, rows: 4 }, {})).toThrow(/"rows" is 4, expected 0 to 3/);
  });

  test("refuses a token that no slot sampled", async () => {
    const { executable, table, lastToken } = await load();
    const step = executable.bind({ weights: { table }, states: { lastToken } });
    lastToken.write(4, new Uint8Array(Int32Array.of(9).buffer));
    expect(() => step.run(one, { token: Int32Array.of(-1), slot: Int32Array.of(1) })).toThrow(
      /row 0 asks for the token that slot 1 sampled last, which is 9, expected 0 to 1/,
    );
  });

  test("is refused what is missing, foreign or disposed, and gives its memory back", async () => {
    const { backend, executable, table, lastToken } = await load({ memoryBytes: 300 });
    const states = { lastToken };
    expect(() => executable.bind({ weights: {}, states })).toThrow(/Weight "table" is not bound/);
    const small = backend.allocate(4, "small");
    expect(() => executable.bind({ weights: { table }, states: { lastToken: small } })).toThrow(
      /8 bytes.*has 4/,
    );
    const other = await load();
    expect(() => executable.bind({ weights: { table: other.table }, states })).toThrow(/another backend/);
    const bind = () => executable.bind({ weights: { table }, states });
    const step = bind();
    expect(bind).toThrow(expect.objectContaining({ code: "MEMORY_EXCEEDED" }));
    step[Symbol.dispose]();
    expect(() => step.run(one, {})).toThrow(expect.objectContaining({ code: "DISPOSED" }));
    const again = bind();
    table[Symbol.dispose]();
    expect(() => again.run(one, {})).toThrow(/Weight "table" is disposed/);
  });
});

test("a step that is timed computes the same, and has a time for each op", async () => {
  const { backend, table, lastToken, executable } = await load();
  const step = executable.bind({ weights: { table }, states: { lastToken } });
  const next = backend.profileStep!();
  step.run(one, { token: Int32Array.of(1) });
  expect((await floatsOf(step.outputs.found!))[0]).toBe(20);
  const { program, extents, ops } = await next;
  expect({ program, extents }).toEqual({ program: "lookUp", extents: one });
  expect(ops.map(({ op }) => op.op)).toEqual(["resolveToken", "embed"]);
  expect(ops.every(({ seconds }) => seconds >= 0 && seconds < 1)).toBe(true);
  const refused = backend.profileStep!();
  expect(() => step.run(one, { token: Int32Array.of(7) })).toThrow(/token/);
  step.run(one, { token: Int32Array.of(0) });
  expect((await refused).ops).toHaveLength(2);
  expect((await floatsOf(step.outputs.found!))[0]).toBe(10);
});
