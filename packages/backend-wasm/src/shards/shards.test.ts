import { buildProgram, byteLength, type Format, type WeightBuffer } from "@krait/tensor";
import { Random, randomBytes } from "@krait/testing";
import { describe, expect, test } from "vitest";
import { createWasmBackend } from "../index.ts";

/** Enough for threads to share: more than 2²⁰ bytes in every format here. */
const ROWS = 1021;
const COLUMNS = 2048;

/** Logits of tokens by one table, which is looked up and multiplied by. */
const program = (format: Format) =>
  buildProgram("tied", (b) => {
    const slot = b.feed("slot", { shape: ["rows"], dtype: "i32" });
    const lastToken = b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" });
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot,
      lastToken,
    });
    const table = b.weight("table", { shape: [ROWS, COLUMNS], format });
    b.output("logits", b.linear(b.embed(token, table), table));
  });

const LARGEST = 9;
const extents = { rows: LARGEST, segments: 0, longestSegment: 0, context: 0, outputRows: 0 };
const tokens = Int32Array.of(0, 1020, 511, 512, 340, 341, 680, 7, 1019);

/** A source that breaks off in the middle of what each thread gets. */
const sourceOf = (bytes: Uint8Array, rowBytes: number) => ({
  byteLength: bytes.byteLength,
  async *pieces() {
    for (let at = 0; at < bytes.byteLength; at += 100 * rowBytes)
      yield bytes.subarray(at, at + 100 * rowBytes);
  },
});

async function logitsWith(threads: number, format: Format): Promise<Uint8Array> {
  await using backend = await createWasmBackend({ threads });
  const bytes = randomBytes(format, ROWS * COLUMNS, new Random(3));
  const { weights } = program(format);
  const table: WeightBuffer = await backend.loadWeight(
    weights.table!,
    sourceOf(bytes, bytes.byteLength / ROWS),
  );
  const lastToken = backend.allocate(4, "lastToken");
  const executable = await backend.compile(program(format), { largest: extents });
  const step = executable.bind({ weights: { table }, states: { lastToken } });
  step.run(extents, { token: tokens, slot: new Int32Array(LARGEST) });
  return step.outputs.logits!.read();
}

describe("rows that threads share", () => {
  test.each(["q4_0", "q8_0", "q6_k", "f16"] as const)(
    "give the bits of one thread, in %s",
    async (format) => {
      const alone = await logitsWith(1, format);
      expect(alone.some((byte) => byte !== 0)).toBe(true);
      expect(await logitsWith(2, format)).toEqual(alone);
      expect(await logitsWith(3, format)).toEqual(alone);
    },
  );

  test("count against the memory limit, and no longer once they are released", async () => {
    const spec = program("q8_0").weights.table!;
    const bytes = new Uint8Array(byteLength(spec));
    await using backend = await createWasmBackend({ threads: 2, memoryBytes: 4_000_000 });
    const load = () => backend.loadWeight(spec, sourceOf(bytes, bytes.byteLength / ROWS));
    const weight = await load();
    await expect(load()).rejects.toMatchObject({ code: "MEMORY_EXCEEDED", memoryBytes: 4_000_000 });
    weight[Symbol.dispose]();
    const again = await load();
    expect(again.byteLength).toBe(backend.weightBytes(spec));
  });

  test("are released when loading is aborted", async () => {
    const spec = program("q8_0").weights.table!;
    await using backend = await createWasmBackend({ threads: 2, memoryBytes: 4_000_000 });
    const abort = new AbortController();
    const source = {
      byteLength: byteLength(spec),
      async *pieces() {
        yield new Uint8Array(byteLength(spec) / ROWS);
        abort.abort(new Error("enough"));
        yield new Uint8Array(byteLength(spec) / ROWS);
      },
    };
    await expect(backend.loadWeight(spec, source, abort.signal)).rejects.toThrow("enough");
    backend.allocate(4_000_000, "all of it");
  });
});

test.each([0, 65, 1.5, Number.NaN])("%d threads are refused", async (threads) => {
  await expect(createWasmBackend({ threads })).rejects.toMatchObject({ code: "WASM_OPTION_INVALID" });
});
