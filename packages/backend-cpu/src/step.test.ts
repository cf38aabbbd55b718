import { buildProgram, type Extents, UnsupportedOpError } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import { feedsOf, LARGEST, SmallModel, smallModel } from "../test-support/small-model.ts";
import { createCpuBackend, DisposedError } from "./index.ts";

const one: Extents = { rows: 1, segments: 1, longestSegment: 1, context: 1, outputRows: 1 };

/** output = input row 0 or 1 of a table, by a fed token. */
function lookUp() {
  return buildProgram("lookUp", (b) => {
    const lastToken = b.state("lastToken", { per: "slot", count: 2, shape: [1], dtype: "i32" });
    const slot = b.feed("slot", { shape: ["rows"], dtype: "i32" });
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot,
      lastToken,
    });
    b.output("found", b.embed(token, b.weight("table", { shape: [2, 1], format: "f32" })));
  });
}

async function loadLookUp({ memoryBytes = Number.POSITIVE_INFINITY } = {}) {
  const backend = await createCpuBackend({ memoryBytes });
  const program = lookUp();
  const bytes = new Uint8Array(Float32Array.of(10, 20).buffer);
  const table = await backend.loadWeight(program.weights.table!, {
    byteLength: 8,
    async *pieces() {
      yield bytes;
    },
  });
  const lastToken = backend.allocate(8, "lastToken");
  const executable = await backend.compile(program, { largest: { ...one, rows: 3 } });
  return { backend, program, table, lastToken, executable };
}

const floats = async (buffer: { read(): Promise<Uint8Array> }) => [
  ...new Float32Array((await buffer.read()).buffer),
];

describe("compile", () => {
  test("refuses an op that it does not have, naming op and backend", async () => {
    const backend = await createCpuBackend();
    const program = lookUp();
    const strange = { ...program, ops: [...program.ops, { op: "teleport" }] } as unknown as typeof program;
    const compiling = backend.compile(strange, { largest: one });
    await expect(compiling).rejects.toBeInstanceOf(UnsupportedOpError);
    await expect(compiling).rejects.toMatchObject({ op: "teleport", backend: "cpu", supported: [] });
  });

  test("refuses a weight format and a state dtype that it does not have, naming those it has", async () => {
    const backend = await createCpuBackend();
    const packed = buildProgram("packed", (b) => {
      const slot = b.feed("slot", { shape: ["rows"], dtype: "i32" });
      const lastToken = b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" });
      const token = b.resolveToken({
        token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
        slot,
        lastToken,
      });
      b.output("found", b.embed(token, b.weight("table", { shape: [2, 1], format: "i32" })));
    });
    await expect(backend.compile(packed, { largest: one })).rejects.toMatchObject({
      op: "embed",
      formats: ["i32"],
      supported: ["f32", "f16", "bf16"],
    });
    const model = smallModel();
    const states = { ...model.states, recurrent: { ...model.states.recurrent!, dtype: "f16" as const } };
    await expect(
      backend.compile({ ...model, states } as typeof model, { largest: one }),
    ).rejects.toMatchObject({ op: "ssmScan", formats: ["f16"], supported: ["f32"] });
  });

  test("validates the Program", async () => {
    const backend = await createCpuBackend();
    const program = lookUp();
    const backwards = { ...program, ops: [...program.ops].reverse() } as typeof program;
    await expect(backend.compile(backwards, { largest: one })).rejects.toMatchObject({
      code: "PROGRAM_INVALID",
    });
  });

  test("refuses extents that are no counts", async () => {
    const backend = await createCpuBackend();
    const compiling = backend.compile(lookUp(), { largest: { ...one, rows: 0.5 } });
    await expect(compiling).rejects.toThrow(/largest\.rows is 0\.5/);
  });

  test("stops when it is aborted", async () => {
    const backend = await createCpuBackend();
    const compiling = backend.compile(lookUp(), { largest: one, signal: AbortSignal.abort("no") });
    await expect(compiling).rejects.toBe("no");
  });
});

describe("bind", () => {
  test("refuses what is missing, too small, of another backend or of another spec", async () => {
    const { backend, executable, table, lastToken } = await loadLookUp();
    const weights = { table };
    const states = { lastToken };
    expect(() => executable.bind({ weights: {}, states })).toThrow(/Weight "table" is not bound/);
    expect(() => executable.bind({ weights, states: {} })).toThrow(/State "lastToken" is not bound/);
    const small = backend.allocate(4, "small");
    expect(() => executable.bind({ weights, states: { lastToken: small } })).toThrow(
      /8 bytes.*"small" has 4/,
    );
    const foreign = { ...table, spec: table.spec, [Symbol.dispose]() {} };
    expect(() => executable.bind({ weights: { table: foreign }, states })).toThrow(/another backend/);
    const wide = await backend.loadWeight(
      { shape: [1, 2], format: "f32" },
      {
        byteLength: 8,
        async *pieces() {
          yield new Uint8Array(8);
        },
      },
    );
    expect(() => executable.bind({ weights: { table: wide }, states })).toThrow(
      'Weight "table" is f32 [1, 2], but the Program needs f32 [2, 1].',
    );
  });

  test("counts scratch and feeds as memory, and gives all of it back", async () => {
    // 8 table, 8 lastToken; then 12 each for two feeds and for the two values of three rows.
    const { executable, table, lastToken, backend } = await loadLookUp({ memoryBytes: 64 });
    const bind = () => executable.bind({ weights: { table }, states: { lastToken } });
    const step = bind();
    expect(bind).toThrow(expect.objectContaining({ code: "MEMORY_EXCEEDED" }));
    step[Symbol.dispose]();
    bind()[Symbol.dispose]();
    backend.allocate(48, "the rest");
  });
});

describe("run", () => {
  test("keeps feeds that are not given, zeros at first", async () => {
    const { executable, table, lastToken } = await loadLookUp();
    const step = executable.bind({ weights: { table }, states: { lastToken } });
    const rows = { ...one, rows: 3 };
    step.run(rows, {});
    expect(await floats(step.outputs.found!)).toEqual([10, 10, 10]);
    step.run(rows, { token: Int32Array.of(1, 0, 1) });
    expect(await floats(step.outputs.found!)).toEqual([20, 10, 20]);
    step.run(one, { token: Int32Array.of(0) });
    step.run(rows, {});
    expect(await floats(step.outputs.found!)).toEqual([10, 10, 20]);
  });

  test("takes its own copy of the feeds", async () => {
    const { executable, table, lastToken } = await loadLookUp();
    const step = executable.bind({ weights: { table }, states: { lastToken } });
    const token = Int32Array.of(1);
    step.run(one, { token });
    token[0] = 0;
    step.run(one, {});
    expect((await floats(step.outputs.found!))[0]).toBe(20);
  });

  test("a token of −1 is what the slot sampled last", async () => {
    const { executable, table, lastToken } = await loadLookUp();
    const step = executable.bind({ weights: { table }, states: { lastToken } });
    lastToken.write(4, new Uint8Array(Int32Array.of(1).buffer));
    step.run({ ...one, rows: 2 }, { token: Int32Array.of(-1, -1), slot: Int32Array.of(0, 1) });
    expect((await floats(step.outputs.found!)).slice(0, 2)).toEqual([10, 20]);
  });

  test.each([
    ["an unknown feed", one, { tokens: Int32Array.of(0) }, /no feed "tokens"; its feeds are slot, token/],
    [
      "another dtype",
      one,
      { token: Float32Array.of(0) },
      /"token" is Float32Array, expected Int32Array for i32/,
    ],
    [
      "too few elements",
      { ...one, rows: 2 },
      { token: Int32Array.of(0) },
      /1 elements, expected 2 for \[2\]/,
    ],
    ["more rows than compiled for", { ...one, rows: 4 }, {}, /"rows" is 4, expected 0 to 3/],
    ["a missing extent", { ...one, rows: undefined as unknown as number }, {}, /"rows" is undefined/],
  ])("refuses %s", async (_, extents, feeds, message) => {
    const { executable, table, lastToken } = await loadLookUp();
    const step = executable.bind({ weights: { table }, states: { lastToken } });
    expect(() => step.run(extents, feeds)).toThrow(message);
    expect(() => step.run(extents, feeds)).toThrow(expect.objectContaining({ code: "BINDING_INVALID" }));
  });

  test("refuses to run with what is disposed", async () => {
    const { executable, table, lastToken } = await loadLookUp();
    const bind = () => executable.bind({ weights: { table }, states: { lastToken } });
    const disposed = bind();
    disposed[Symbol.dispose]();
    expect(() => disposed.run(one, {})).toThrow(DisposedError);
    await expect(disposed.outputs.found!.read()).rejects.toThrow(DisposedError);

    const orphan = bind();
    lastToken[Symbol.dispose]();
    expect(() => orphan.run(one, {})).toThrow(/State "lastToken" is disposed/);
    executable[Symbol.dispose]();
    expect(bind).toThrow(DisposedError);
  });
});

describe("the feeds of a step are checked before anything is computed", () => {
  const good = () =>
    feedsOf([
      { slot: 0, start: 0, tokens: [1, 2, 3] },
      { slot: 1, start: 0, tokens: [4, 5] },
    ]);

  test.each<[string, Record<string, number[]>, RegExp]>([
    [
      "a token past the vocabulary",
      { token: [1, 2, 11, 4, 5] },
      /feed "token" is 11 at 2, expected -1 to 10/,
    ],
    ["a slot that does not exist", { slot: [0, 0, 0, 5, 5] }, /feed "slot" is 5 at 3, expected -1 to 4/],
    ["a generated flag that is no flag", { generated: [0, 0, 2, 0, 0] }, /feed "generated" is 2 at 2/],
    ["a negative position", { position: [0, -1, 2, 0, 1] }, /feed "position" is -1 at 1, expected 0 to 2/],
    [
      "a position past the context",
      { position: [0, 1, 3, 0, 1] },
      /feed "position" is 3 at 2, expected 0 to 2/,
    ],
    [
      "an output row past the step",
      { outputRow: [0, 1, 2, 3, 5] },
      /feed "outputRow" is 5 at 4, expected -1 to 4/,
    ],
    [
      "a slot whose page is not there",
      { slot: [0, 0, 0, 3, 3] },
      /row 3 of slot 3 at position 0.*"pageTable" has -1/,
    ],
    [
      "two rows that write one position",
      { position: [0, 1, 1, 0, 1] },
      /rows 1 and 2 both write position 1 of page 0/,
    ],
    [
      "segments past the rows",
      { segment: [0, 3, 0, 0, -1, -1, 3, 3, 1, 1, -1, -1] },
      /segment 1 has 3 rows from 3 on/,
    ],
    [
      "a segment longer than said",
      { segment: [0, 4, 0, 0, -1, -1, 4, 1, 1, 1, -1, -1] },
      /"longestSegment" is 3/,
    ],
    [
      "segments that share a row",
      { segment: [0, 3, 0, 0, -1, -1, 2, 3, 1, 1, -1, -1] },
      /segment 1 has row 2, as segment 0/,
    ],
    [
      "a slot with two segments",
      { segment: [0, 3, 0, 0, -1, -1, 3, 2, 0, 0, -1, -1] },
      /segment 1 writes slot 0, as segment 0/,
    ],
    [
      "a slot that one segment reads and another writes",
      { segment: [0, 3, 1, 0, -1, -1, 3, 2, 1, 1, -1, -1] },
      /segment 0 reads slot 1, which segment 1 writes/,
    ],
    [
      "a segment's slot out of range",
      { segment: [0, 3, 0, 0, -1, -1, 3, 2, 7, 1, -1, -1] },
      /segment 1 has slot 7, expected 0 to 4/,
    ],
    [
      "a mark row of another segment",
      { segment: [0, 3, 0, 0, 4, 2, 3, 2, 1, 1, -1, -1] },
      /segment 0 has mark row 4/,
    ],
    [
      "a mark slot that is written",
      { segment: [0, 3, 0, 0, 1, 1, 3, 2, 1, 1, -1, -1] },
      /segment 1 writes slot 1, as segment 0/,
    ],
    ["a mark slot without a mark row", { segment: [0, 3, 0, 0, -1, 2, 3, 2, 1, 1, -1, -1] }, /mark row -1/],
  ])("%s", async (_, bad, message) => {
    const model = await SmallModel.load(await createCpuBackend());
    const { extents, feeds } = good();
    for (const [name, values] of Object.entries(bad)) feeds[name] = Int32Array.from(values);
    const before = await model.slot(0);
    expect(() => model.step.run(extents, feeds)).toThrow(message);
    expect(await model.slot(0)).toEqual(before);
    model.step.run(extents, good().feeds);
    expect(await model.slot(0)).not.toEqual(before);
  });

  test("a slot that never sampled a token of the vocabulary cannot be asked for it", async () => {
    const model = await SmallModel.load(await createCpuBackend());
    model.states.lastToken!.write(4, new Uint8Array(Int32Array.of(-1).buffer));
    const { extents, feeds } = good();
    feeds.token = Int32Array.of(1, 2, 3, -1, 5);
    expect(() => model.step.run(extents, feeds)).toThrow(/row 3 asks for.*slot 1 sampled last, which is -1/);
  });

  test("positions stay below the end of the page table", async () => {
    const model = await SmallModel.load(await createCpuBackend());
    const { extents, feeds } = feedsOf([{ slot: 0, start: 96, tokens: [1] }]);
    expect(() => model.step.run({ ...extents, context: LARGEST.context }, feeds)).toThrow(
      /"position" is 96 at 0, expected 0 to 95/,
    );
  });
});
