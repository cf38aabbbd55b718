import type { Format } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import { randomTable } from "../test-support/random-table.ts";
import { logitsWith } from "../test-support/tied-logits.ts";
import { createWasmBackend } from "./index.ts";
import { canShareThreads } from "./shards/spawn-thread.ts";

/** The logits that a worker of this page computes with so many threads. */
async function logitsInWorker(threads: number, format: Format, table: Uint8Array): Promise<Uint8Array> {
  const worker = new Worker(new URL("../test-support/page-worker.ts", import.meta.url), { type: "module" });
  try {
    const { logits, error } = await new Promise<{ logits?: Uint8Array; error?: string }>(
      (resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage({ threads, format, table });
      },
    );
    if (logits === undefined) throw new Error(error);
    return logits;
  } finally {
    worker.terminate();
  }
}

describe("in a page", () => {
  test("the main thread, which may not wait, computes alone, and more threads are refused", async () => {
    expect(crossOriginIsolated).toBe(true);
    expect(canShareThreads()).toBe(false);
    await expect(createWasmBackend({ threads: 2 })).rejects.toMatchObject({ code: "WASM_OPTION_INVALID" });
  });

  test.each(["q4_0", "f16"] as const)(
    "threads of a worker give the bits of one thread, in %s",
    async (format) => {
      const table = randomTable(format);
      const alone = await logitsWith(1, format, table);
      expect(alone.some((byte) => byte !== 0)).toBe(true);
      expect(await logitsInWorker(1, format, table)).toEqual(alone);
      expect(await logitsInWorker(3, format, table)).toEqual(alone);
    },
  );
});
