import type { Extents, Format, Operand, Program } from "@krait/tensor";
import { relativeError, type StepInputs } from "@krait/testing";
import { afterEach, describe, expect, test } from "vitest";
import { layerProgram, runLayer, SLOTS } from "../test-support/layer-program.ts";
import { unnoticedBarriers } from "../test-support/unnoticed-barriers.ts";
import { orders, withEmulator } from "../test-support/with-emulator.ts";
import { createCudaBackend } from "./index.ts";

interface Layer {
  readonly program: Program;
  readonly inputs: StepInputs;
}

interface MixerSizes {
  readonly heads: number;
  readonly headDim: number;
  readonly stateSize: number;
  readonly groups: number;
  readonly kernelSize: number;
  readonly bias: boolean;
}

/** Segments of a row at most: start, count, read slot, write slot, mark row, mark slot. */
const decodeSegments: readonly (readonly [string, readonly (readonly number[])[]])[] = [
  ["one row", [[0, 1, 2, 2, -1, -1]]],
  [
    "rows of three slots, one without rows, one of padding, a fork and a mark",
    [
      [1, 1, 4, 4, -1, -1],
      [0, 0, 1, 1, -1, -1],
      [0, 1, 0, 2, 0, 3],
      [0, 0, 0, -1, -1, -1],
    ],
  ],
];

/** Convolution, scan and norm as a layer has them: all of one projection, with the gate before and Δ behind. */
function mixer(segments: readonly (readonly number[])[], sizes: MixerSizes): Layer {
  const { heads, headDim, stateSize, groups, kernelSize, bias } = sizes;
  const [width, states] = [heads * headDim, groups * stateSize];
  const channels = width + 2 * states;
  const extents: Extents = {
    rows: Math.max(...segments.map(([start]) => start!)) + 1,
    segments: segments.length,
    longestSegment: 1,
    context: 0,
    outputRows: 0,
  };
  return layerProgram(extents, (layer) => {
    const segment = layer.segments(segments);
    const [gate, mixed, dt] = layer.b.split(layer.rows(width + channels + heads), [width, channels, heads]);
    const conv = layer.b.causalConv({
      input: mixed!,
      weight: layer.weight("taps", [channels, kernelSize]),
      ...(bias && { bias: layer.weight("bias", [channels]) }),
      kernelSize,
      activation: "silu",
      segment,
      window: layer.state("window", [channels, kernelSize - 1]),
    });
    const [x, b, c] = layer.b.split(conv, [width, states, states]);
    const y = layer.b.ssmScan({
      ...{ x: x!, b: b!, c: c!, dt: dt! },
      a: layer.weight("a", [heads]),
      d: layer.weight("d", [heads]),
      dtBias: layer.weight("dtBias", [heads]),
      ...{ heads, headDim, stateSize, groups },
      chunkSize: 16,
      timeStepLimit: [0, 10],
      segment,
      recurrent: layer.state("recurrent", [heads, headDim, stateSize]),
    });
    const weight = layer.weight("norm", [width]);
    const epsilon = 1e-5;
    layer.b.output("y", layer.b.gatedGroupNorm({ input: y, gate: gate!, weight, groups, epsilon }));
  });
}

/** A residual layer: the norm is read by two products, and what it was made of by a third. */
function residualLayer(rows: number, columns: number, format: Format): Layer {
  const extents: Extents = { rows, segments: 0, longestSegment: 0, context: 0, outputRows: 0 };
  return layerProgram(extents, (layer) => {
    const hidden = layer.rows(columns);
    const normed = layer.b.rmsNorm(hidden, layer.weight("norm", [columns]), { epsilon: 1e-5 });
    const product = (input: Operand, name: string, outputs: number, residual?: Operand) =>
      layer.b.linear(input, layer.weight(name, [outputs, input.columns], format), residual && { residual });
    layer.b.output("up", product(normed, "up", columns + 5));
    layer.b.output("hidden", product(product(normed, "wide", 512), "down", columns, hidden));
  });
}

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
    test.each<MixerSizes>([
      { heads: 2, headDim: 80, stateSize: 128, groups: 1, kernelSize: 4, bias: true },
      { heads: 3, headDim: 5, stateSize: 7, groups: 3, kernelSize: 2, bias: false },
      { heads: 2, headDim: 48, stateSize: 150, groups: 2, kernelSize: 8, bias: true },
    ])(
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

  test("convolution and scan are the same in every order of threads", { timeout: 120_000 }, async () => {
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

  test("normalized bytes are the same in every order of threads", { timeout: 120_000 }, async () => {
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
