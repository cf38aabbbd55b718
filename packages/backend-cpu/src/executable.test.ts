import { buildProgram, UnsupportedOpError } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import { loadLookUp, lookUp, ONE_ROW } from "../test-support/look-up.ts";
import { smallModel } from "../test-support/small-model.ts";
import { createCpuBackend } from "./index.ts";

describe("compile", () => {
  test("refuses an op that it does not have, naming op and backend", async () => {
    const backend = await createCpuBackend();
    const program = lookUp();
    const strange = { ...program, ops: [...program.ops, { op: "teleport" }] } as unknown as typeof program;
    const compiling = backend.compile(strange, { largest: ONE_ROW });
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
    await expect(backend.compile(packed, { largest: ONE_ROW })).rejects.toMatchObject({
      op: "embed",
      formats: ["i32"],
      supported: ["f32", "f16", "bf16"],
    });
    const model = smallModel();
    const states = { ...model.states, recurrent: { ...model.states.recurrent!, dtype: "f16" as const } };
    await expect(
      backend.compile({ ...model, states } as typeof model, { largest: ONE_ROW }),
    ).rejects.toMatchObject({ op: "ssmScan", formats: ["f16"], supported: ["f32"] });
  });

  test("validates the Program", async () => {
    const backend = await createCpuBackend();
    const program = lookUp();
    const backwards = { ...program, ops: [...program.ops].reverse() } as typeof program;
    await expect(backend.compile(backwards, { largest: ONE_ROW })).rejects.toMatchObject({
      code: "PROGRAM_INVALID",
    });
  });

  test("refuses extents that are no counts", async () => {
    const backend = await createCpuBackend();
    const compiling = backend.compile(lookUp(), { largest: { ...ONE_ROW, rows: 0.5 } });
    await expect(compiling).rejects.toThrow(/largest\.rows is 0\.5/);
  });

  test("stops when it is aborted", async () => {
    const backend = await createCpuBackend();
    const compiling = backend.compile(lookUp(), { largest: ONE_ROW, signal: AbortSignal.abort("no") });
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
