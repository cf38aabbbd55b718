import { buildProgram, type Format } from "@krait/tensor";
import { expect, test } from "vitest";
import { createWebGPUBackend } from "./index.ts";

const largest = { rows: 12, segments: 0, longestSegment: 0, context: 0, outputRows: 0 };

/** Rows of a table, times matrices of these formats. */
const products = (formats: readonly Format[]) =>
  buildProgram("products", (b) => {
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
      lastToken: b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" }),
    });
    const x = b.embed(token, b.weight("table", { shape: [4, 256], format: "f32" }));
    for (const format of formats)
      b.output(format, b.linear(x, b.weight(format, { shape: [3, 256], format })));
  });

// Node's tests run every row of the op table; a page compiles the same kernels with another Dawn.
test("in a page every op, and products of the commonest formats, compute what the reference does", async (context) => {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) context.skip("this browser has no WebGPU adapter");
  await using backend = await createWebGPUBackend({ selfTest: true });
  await backend.compile(products(["bf16", "q4_k"]), { largest });
  expect(backend.counters).toMatchObject({ buffers: 0, dispatches: expect.any(Number) });
  expect(backend.counters.dispatches).toBeGreaterThan(20);
});
