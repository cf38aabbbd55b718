import { type Format, quantize, type TensorSpec, type WeightSource } from "@krait/tensor";
import { describe, expect, test } from "vitest";
import { Memory } from "./buffer.ts";
import { createCpuBackend } from "./index.ts";
import { loadWeight } from "./weight.ts";

const values = Float32Array.of(1, -2, 0.5, 3, 1024, -0.25);

/** A source that gives its bytes two values at a time. */
function sourceOf(bytes: Uint8Array, byteLength: number = bytes.byteLength): WeightSource {
  return {
    byteLength,
    async *pieces() {
      const piece = bytes.byteLength / 3;
      for (let at = 0; at < bytes.byteLength; at += piece) yield bytes.slice(at, at + piece);
    },
  };
}

const memory = () => new Memory(Number.POSITIVE_INFINITY);

describe("loadWeight", () => {
  test.each(["f32", "f16", "bf16"] as const)("decodes %s piece by piece", async (format) => {
    const spec: TensorSpec = { shape: [3, 2], format };
    const weight = await loadWeight(memory(), spec, sourceOf(quantize(format, values)), undefined);
    expect(weight.values).toEqual(values);
    expect(weight.spec).toBe(spec);
    expect(weight.byteLength).toBe(24); // held as f32
  });

  test("refuses a source that ends early, and gives its memory back", async () => {
    const backend = await createCpuBackend({ memoryBytes: 24 });
    const spec: TensorSpec = { shape: [6], format: "f32" };
    const short = sourceOf(quantize("f32", values).slice(0, 12), 24);
    await expect(backend.loadWeight(spec, short)).rejects.toMatchObject({
      code: "WEIGHT_LENGTH",
      expectedBytes: 24,
      actualBytes: 12,
    });
    backend.allocate(24, "all of it");
  });

  test("refuses a source that goes on too long, or says so beforehand", async () => {
    const backend = await createCpuBackend();
    const spec: TensorSpec = { shape: [3], format: "f32" };
    const bytes = quantize("f32", values);
    await expect(backend.loadWeight(spec, sourceOf(bytes, 12))).rejects.toMatchObject({
      code: "WEIGHT_LENGTH",
      expectedBytes: 12,
      actualBytes: 16,
    });
    await expect(backend.loadWeight(spec, sourceOf(bytes))).rejects.toMatchObject({ actualBytes: 24 });
  });

  test("refuses a format that it has no decoder for, naming those that it has", async () => {
    const backend = await createCpuBackend();
    const spec: TensorSpec = { shape: [32], format: "q4_k" as Format };
    await expect(backend.loadWeight(spec, sourceOf(new Uint8Array(18)))).rejects.toMatchObject({
      code: "OP_UNSUPPORTED",
      formats: ["q4_k"],
      supported: ["f32", "f16", "bf16"],
    });
  });

  test("stops when it is aborted, with the signal's reason", async () => {
    const backend = await createCpuBackend({ memoryBytes: 24 });
    const controller = new AbortController();
    const reason = new Error("enough");
    const source: WeightSource = {
      byteLength: 24,
      async *pieces() {
        yield new Uint8Array(8);
        controller.abort(reason);
        yield new Uint8Array(16);
      },
    };
    const loading = backend.loadWeight({ shape: [6], format: "f32" }, source, controller.signal);
    await expect(loading).rejects.toBe(reason);
    backend.allocate(24, "all of it");
  });

  test("hands the source's own error on", async () => {
    const backend = await createCpuBackend();
    const source: WeightSource = {
      byteLength: 24,
      // biome-ignore lint/correctness/useYield: it fails before its first piece
      async *pieces() {
        throw new Error("disk on fire");
      },
    };
    await expect(backend.loadWeight({ shape: [6], format: "f32" }, source)).rejects.toThrow("disk on fire");
  });
});
