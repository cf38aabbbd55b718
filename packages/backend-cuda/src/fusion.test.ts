import type { Format } from "@krait/tensor";
import { relativeError } from "@krait/testing";
import { afterEach, describe, expect, test } from "vitest";
import { type Layer, runLayer, SLOTS } from "../test-support/layer-program.ts";
import { decodeSegments, mixer, mixerSizes, residualLayer } from "../test-support/layers.ts";
import { unnoticedBarriers } from "../test-support/unnoticed-barriers.ts";
import { orders, withEmulator } from "../test-support/with-emulator.ts";
import { createCudaBackend } from "./index.ts";

await withEmulator("ops that are fused", (emulator) => {
  async function run(layer: Layer, isFused: boolean, order = 0) {
    emulator.setOrder(order);
    await using backend = await createCudaBackend({ library: emulator.library });
    return await runLayer(backend, layer, isFused);
  }

  /** In every order of threads the bytes are those of the first, and no barrier is there for nothing. */
  async function expectOrdered(layer: Layer): Promise<void> {
    const bytes = async (order: number): Promise<Uint8Array> => {
      const { outputs, states } = await run(layer, true, order);
      return Buffer.concat([...outputs.map((values) => new Uint8Array(values.buffer)), ...states]);
    };
    const right = await bytes(0);
    for (const order of orders.slice(1)) expect(await bytes(order)).toEqual(right);
    expect(await unnoticedBarriers(emulator, [bytes])).toEqual([]);
  }

  afterEach(() => {
    emulator.skipBarrier("", 0);
    emulator.setOrder(0);
    emulator.reset();
  });

  describe.each(decodeSegments)("in decoding, of %s", (_, segments) => {
    test.each(mixerSizes)(
      "convolution, scan and norm leave the bits that they leave apart: $heads heads, $headDim × $stateSize",
      async (sizes) => {
        const layer = mixer(segments, sizes);
        const [fused, apart] = [await run(layer, true), await run(layer, false)];
        expect(fused.outputs).toEqual(apart.outputs);
        expect(fused.states).toEqual(apart.states);
        expect(fused.outputs[0]!.some((value) => value !== 0)).toBe(true);
        // Without a convolution and a window of their own.
        expect(apart.launches - fused.launches).toBe(2);
      },
    );
  });

  test("convolution and scan are the same in every order of threads", async () => {
    const sizes = { heads: 2, headDim: 20, stateSize: 40, groups: 1, kernelSize: 4, bias: true };
    await expectOrdered(mixer(decodeSegments[1]![1], sizes));
  });

  test.each<Format>(["f32", "f16", "bf16", "fp8_e4m3"])(
    "a lone row is normalized by the products that read it, in %s",
    async (format) => {
      const layer = residualLayer(1, 80, format);
      const [fused, apart] = [await run(layer, true), await run(layer, false)];
      for (const [index, values] of apart.outputs.entries()) {
        expect(relativeError(fused.outputs[index]!, values)).toBeLessThan(1e-6);
      }
      expect(apart.launches - fused.launches).toBe(1);
    },
  );

  test("products that normalize are the same in every order of threads", async () => {
    await expectOrdered(residualLayer(1, 80, "bf16"));
  });

  test.each<[Format, number]>([
    ["q8_0", 1],
    ["q4_0", 3],
    ["nvfp4", 8],
    ["q4_k", 2],
  ])("few rows become bytes when they are normalized, for products in %s: %i", async (format, rows) => {
    const layer = residualLayer(rows, 256, format);
    const [fused, apart] = [await run(layer, true), await run(layer, false)];
    expect(fused.outputs).toEqual(apart.outputs);
    // Instead of the norm one launch, and no launch of each product for its bytes, which one row does without.
    expect(apart.launches - fused.launches).toBe(rows === 1 ? 0 : 2);
  });

  test("normalized bytes are the same in every order of threads", async () => {
    await expectOrdered(residualLayer(2, 96, "q8_0"));
  });

  test.each([
    ["more rows than are fused", residualLayer(9, 96, "q8_0"), 0],
    ["columns that are no whole vectors", residualLayer(1, 42, "bf16"), 0],
    ["two rows in a format of single values", residualLayer(2, 80, "bf16"), 0],
  ] as const)("%s are normalized apart", async (_, layer, spared) => {
    const [fused, apart] = [await run(layer, true), await run(layer, false)];
    expect(fused.outputs).toEqual(apart.outputs);
    expect(apart.launches - fused.launches).toBe(spared);
  });

  test("slots that no segment writes stay as they are", async () => {
    const layer = mixer(decodeSegments[1]![1], {
      ...{ heads: 3, headDim: 5, stateSize: 7, groups: 3, kernelSize: 4, bias: false },
    });
    const { states } = await run(layer, true);
    const names = Object.keys(layer.program.states);
    for (const name of ["window", "recurrent"]) {
      const [before, after] = [layer.inputs.states[name]!, states[names.indexOf(name)]!];
      const slotBytes = before.byteLength / SLOTS;
      const isKept = (slot: number) =>
        Buffer.compare(
          before.subarray(slot * slotBytes, (slot + 1) * slotBytes),
          after.subarray(slot * slotBytes, (slot + 1) * slotBytes),
        ) === 0;
      expect([0, 1, 2, 3, 4].map(isKept)).toEqual([true, true, false, false, false]);
    }
  });
});
