import { dequantize, type Format } from "@krait/tensor";
import { relativeError } from "@krait/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CudaBackend } from "../src/index.ts";
import { type Layer, runLayer } from "./layer-program.ts";
import { decodeSegments, mixer, mixerSizes, residualLayer } from "./layers.ts";

/** What single precision leaves where sums are contracted otherwise. */
const TOLERANCE = 1e-5;

/** Registers tests that ops leave fused what they leave apart, on any GPU. */
export function describeFusion(createBackend: () => Promise<CudaBackend>): void {
  let backend: CudaBackend;
  beforeAll(async () => {
    backend = await createBackend();
  });
  afterAll(() => backend[Symbol.asyncDispose]());

  async function expectSame(layer: Layer): Promise<void> {
    const [fused, apart] = [await runLayer(backend, layer, true), await runLayer(backend, layer, false)];
    const dtypes = Object.values(layer.program.states).map(({ dtype }) => dtype);
    const floats = ({ outputs, states }: typeof fused) => [
      ...outputs,
      ...states.filter((_, index) => dtypes[index] === "f32").map((state) => dequantize("f32", state)),
    ];
    for (const [index, values] of floats(apart).entries()) {
      expect(relativeError(floats(fused)[index]!, values)).toBeLessThan(TOLERANCE);
    }
  }

  describe.each(decodeSegments)("in decoding, of %s", (_, segments) => {
    test.each(mixerSizes)("convolution, scan and norm: $heads heads, $headDim × $stateSize", (sizes) =>
      expectSame(mixer(segments, sizes)),
    );
  });

  test.each<[Format, number]>([
    ["f32", 1],
    ["f16", 1],
    ["bf16", 1],
    ["fp8_e4m3", 1],
    ["q8_0", 1],
    ["nvfp4", 8],
    ["q4_k", 2],
  ])("a norm and products in %s, of %i rows", (format, rows) =>
    expectSame(residualLayer(rows, 4 * 256, format)),
  );
}
