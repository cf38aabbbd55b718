import { copyFile, mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildProgram, type Format, quantize, type WeightSource } from "@krait/tensor";
import { Random, runStep } from "@krait/testing";
import { openWeights, writeGgufFile, writeSafetensorsFile } from "@krait/weights";
import { afterAll, beforeAll, expect, test } from "vitest";
import { onNative } from "../test-support/on-native.ts";
import { createNativeBackend } from "./index.ts";

const shape = [96, 1024] as const;
const values = new Random(1).normal(shape[0] * shape[1], 1);

/** Blocks of q8_0 by its definition. */
function blocksOf(numbers: Float32Array): Uint8Array {
  const bytes = new Uint8Array((numbers.length / 32) * 34);
  for (let block = 0; block < numbers.length / 32; block++) {
    const some = numbers.subarray(32 * block, 32 * block + 32);
    const d = some.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
    bytes.set(quantize("f16", Float32Array.of(d)), 34 * block);
    bytes.set(new Uint8Array(Int8Array.from(some, (value) => Math.round(value / d)).buffer), 34 * block + 2);
  }
  return bytes;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "krait-native-"));
  const small = { name: "a", shape: [3], data: Float32Array.of(1, 2, 3) };
  const bf16 = { name: "matrix", shape, data: quantize("bf16", values) };
  await writeSafetensorsFile(join(folder, "m.safetensors"), [
    { ...small, dtype: "F32" },
    { ...bf16, dtype: "BF16" },
  ]);
  await writeGgufFile(join(folder, "m.gguf"), [
    { ...small, format: "f32" },
    { name: "matrix", shape, format: "q8_0", data: blocksOf(values) },
  ]);
});
afterAll(() => rm(folder, { recursive: true }));

/** What a row of numbers times the matrix gives. */
async function product(format: Format, matrix: WeightSource): Promise<unknown> {
  const program = buildProgram("product", (b) => {
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
      lastToken: b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" }),
    });
    const x = b.embed(token, b.weight("x", { shape: [2, shape[1]], format: "f32" }));
    b.output("y", b.linear(x, b.weight("matrix", { shape, format })));
  });
  const bytes = quantize("f32", new Random(2).normal(2 * shape[1], 1));
  const x = {
    byteLength: bytes.byteLength,
    async *pieces() {
      yield bytes;
    },
  };
  await using backend = await createNativeBackend({ threads: 2 });
  const feeds = { token: Int32Array.of(1, 0), slot: Int32Array.of(0, 0) };
  const extents = { rows: 2, segments: 0, longestSegment: 0, context: 0, outputRows: 0 };
  return await runStep(backend, program, { extents, weights: { x, matrix }, states: {}, feeds });
}

await onNative(() => {
  test.each([
    ["m.safetensors", "bf16"],
    ["m.gguf", "q8_0"],
  ] as const)("a weight that is mapped from %s is what it is when it is streamed", async (name, format) => {
    await using file = await openWeights(join(folder, name));
    const { byteLength, pieces, file: mappable } = file.source("matrix");
    expect(mappable).toBeDefined();
    const unread = (): never => {
      throw new Error("A weight that can be mapped is not read.");
    };
    const mapped = await product(format, { byteLength, file: mappable!, pieces: unread });
    expect(mapped).toEqual(await product(format, { byteLength, pieces }));
  });

  test("a file that is shortened while it is in use loses the backend, and nothing else", async () => {
    const path = join(folder, "shortened.gguf");
    await copyFile(join(folder, "m.gguf"), path);
    await using file = await openWeights(path);
    const program = buildProgram("sum", (b) => {
      const table = b.weight("table", { shape, format: "q8_0" });
      const token = b.resolveToken({
        token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
        slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
        lastToken: b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" }),
      });
      b.output("row", b.embed(token, table));
    });
    await using backend = await createNativeBackend({ threads: 2 });
    const table = await backend.loadWeight({ shape, format: "q8_0" }, file.source("matrix"));
    const largest = { rows: 4, segments: 1, longestSegment: 4, context: 4, outputRows: 1 };
    const lastToken = backend.allocate(4, "lastToken");
    const step = (await backend.compile(program, { largest })).bind({
      weights: { table },
      states: { lastToken },
    });
    step.run(largest, {});
    await step.outputs.row!.read();
    await truncate(path, 0);
    step.run(largest, {});
    const read = step.outputs.row!.read();
    await expect(read).rejects.toMatchObject({ code: "BACKEND_LOST" });
    expect((await backend.lost).message).toContain("shortened");
    expect(() => step.run(largest, {})).toThrow(/shortened/);
    await using other = await createNativeBackend({ threads: 2 });
    expect(await other.allocate(4, "fine").read()).toEqual(new Uint8Array(4));
  });
});
