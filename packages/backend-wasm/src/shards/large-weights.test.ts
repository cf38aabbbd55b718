import { dequantize, quantize, type TensorSpec } from "@krait/tensor";
import { Random } from "@krait/testing";
import { expect, test } from "vitest";
import { heldAs } from "../held.ts";
import { compileKernels } from "../kernel-build.ts";
import { instantiateKernels } from "../kernel-module.ts";
import { Shards } from "./shards.ts";

const COLUMNS = 4096;
/** 1.4 GB in q8_0. */
const spec: TensorSpec = { shape: [320_000, COLUMNS], format: "q8_0" };

async function start(threads: number) {
  const kernels = await compileKernels("auto");
  const shards = new Shards(kernels, threads);
  const module = await instantiateKernels(kernels, shards.imports, threads);
  shards.attach(module);
  return { shards, module, held: heldAs(spec, module) };
}

// Pages that nobody has written take no memory, so these weights are large in addresses alone.
test("weights of more than 4 GiB in all have their rows in several memories of one thread", async () => {
  const { shards, module, held } = await start(1);
  expect(shards.takes(spec, held)).toBe(true);
  expect(4 * held.bytes(held.rows)).toBeGreaterThan(2 ** 32);
  const rows = [0, 8, 150_001, 319_999];
  const stored = rows.map((row) => quantize("q8_0", new Random(row).normal(COLUMNS, 1)));
  const weights: number[] = [];
  for (const [index, row] of rows.entries()) {
    weights.push(await shards.hold(held));
    shards.fill(weights[index]!, row, stored[index]!);
  }
  for (const [index, row] of rows.entries()) {
    new DataView(module.memory.buffer).setInt32(module.heapStart, row, true);
    const at = module.heapStart + 64;
    shards.imports.widenShards(weights[index]!, module.heapStart, 1, at, COLUMNS);
    const widened = new Float32Array(module.memory.buffer, at, COLUMNS);
    expect(widened).toEqual(dequantize("q8_0", stored[index]!));
  }
  for (const weight of weights) shards.release(weight);
});

test("activations may stand anywhere in the 4 GiB", async () => {
  const { shards, module, held } = await start(1);
  const weight = await shards.hold(held);
  const stored = quantize("q8_0", new Random(1).normal(COLUMNS, 1));
  shards.fill(weight, 7, stored);
  const at = 3 * 2 ** 30;
  module.memory.grow((at + 2 ** 20 - module.memory.buffer.byteLength) / 65536);
  new DataView(module.memory.buffer).setInt32(at, 7, true);
  // As a kernel passes addresses: words of 32 bits, with a sign.
  shards.imports.widenShards(weight, at | 0, 1, (at + 64) | 0, COLUMNS);
  expect(new Float32Array(module.memory.buffer, at + 64, COLUMNS)).toEqual(dequantize("q8_0", stored));
});

test("a share that no memory can hold is not taken", async () => {
  const { shards, module } = await start(1);
  const large: TensorSpec = { shape: [500_000, 8_192], format: "q8_0" };
  expect(shards.takes(large, heldAs(large, module))).toBe(false);
  const { shards: two } = await start(2);
  expect(two.takes(large, heldAs(large, module))).toBe(true);
  await two.dispose();
});
