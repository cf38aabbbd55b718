import { byteLength } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import { randomTable } from "../../test-support/random-table.ts";
import { logitsWith, ROWS, sourceOf, tiedProgram } from "../../test-support/tied-logits.ts";
import { createTunedBackend } from "../backend.ts";
import { createWasmBackend } from "../index.ts";

/** As with weights beyond what the kernels' own memory holds. */
const full = { ownWeightBytes: 0 };

describe("rows that threads multiply by", () => {
  test.each(["q4_0", "q8_0", "q6_k", "f16"] as const)(
    "give the bits of one thread, in one memory and in several, in %s",
    async (format) => {
      const table = randomTable(format);
      const alone = await logitsWith(1, format, table);
      expect(alone.some((byte) => byte !== 0)).toBe(true);
      for (const threads of [2, 3]) {
        expect(await logitsWith(threads, format, table)).toEqual(alone);
        expect(await logitsWith(threads, format, table, full)).toEqual(alone);
      }
      expect(await logitsWith(1, format, table, full)).toEqual(alone);
    },
  );
});

describe.each([
  ["their own", {}],
  ["several", full],
])("weights in %s memories", (_, tuning) => {
  const create = () => createTunedBackend({ threads: 2, memoryBytes: 4_000_000 }, tuning);

  test("count against the memory limit, and no longer once they are released", async () => {
    const spec = tiedProgram("q8_0").weights.table!;
    const bytes = new Uint8Array(byteLength(spec));
    await using backend = await create();
    const load = () => backend.loadWeight(spec, sourceOf(bytes));
    const weight = await load();
    await expect(load()).rejects.toMatchObject({ code: "MEMORY_EXCEEDED", memoryBytes: 4_000_000 });
    weight[Symbol.dispose]();
    const again = await load();
    expect(again.byteLength).toBe(backend.weightBytes(spec));
  });

  test("are released when loading is aborted", async () => {
    const spec = tiedProgram("q8_0").weights.table!;
    await using backend = await create();
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
