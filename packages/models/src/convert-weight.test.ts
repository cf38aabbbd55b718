import { dequantize, elementCount, formatLayouts, quantize, type WeightSource } from "@krait/tensor";
import { openFixture, Random } from "@krait/testing";
import { openWeights } from "@krait/weights";
import { expect, test } from "vitest";
import { bytesOf, ggufOf } from "../test-support/gguf.ts";
import { architectureOf, type WeightEntry } from "./architecture.ts";
import { checkCheckpoint } from "./checkpoint.ts";
import { convertWeight, type QuantizedTensor } from "./convert-weight.ts";
import { configOfGguf } from "./gguf-config.ts";

const shape = [5, 64];
const entry: WeightEntry = {
  name: "up",
  checkpointName: "blk.1.ffn_up.weight",
  shape,
  checkpointShape: shape,
  kind: "matrix",
};

/** Blocks of q8_0 with random integers and the scale 2⁻⁶, of which a piece has two rows. */
const { valuesPerBlock, bytesPerBlock } = formatLayouts.q8_0;
const blocks = new Uint8Array((elementCount(shape) / valuesPerBlock) * bytesPerBlock);
const random = new Random(1);
for (let i = 0; i < blocks.length; i++) {
  const at = i % bytesPerBlock;
  blocks[i] = at === 0 ? 0x00 : at === 1 ? 0x24 : random.integer(0, 256);
}
const rowBytes = blocks.byteLength / shape[0]!;
const source: WeightSource = {
  byteLength: blocks.byteLength,
  async *pieces() {
    for (let at = 0; at < blocks.byteLength; at += 2 * rowBytes) yield blocks.subarray(at, at + 2 * rowBytes);
  },
};

test("blocks are decoded piece by piece, to what they are decoded to at once", async () => {
  const converted = convertWeight(source, entry, { stored: "q8_0", quantized: "q8_0", device: "f32" });
  expect(converted.byteLength).toBe(4 * elementCount(shape));
  const pieces: number[][] = [];
  for await (const piece of converted.pieces()) pieces.push([...piece]);
  expect(pieces.map((piece) => piece.length)).toEqual([512, 512, 256]);
  expect(pieces.flat()).toEqual([...quantize("f32", dequantize("q8_0", blocks))]);
});

test("a format that stays is passed on as it is, with its place in the file", () => {
  expect(convertWeight(source, entry, { stored: "q8_0", quantized: "q8_0", device: "q8_0" })).toBe(source);
});

const values = random.normal(elementCount(shape), 0.02);
const f32Source: WeightSource = {
  byteLength: 4 * values.length,
  async *pieces() {
    for (let at = 0; at < values.length; at += 128) yield quantize("f32", values.subarray(at, at + 128));
  },
};

test("a tensor is quantized piece by piece, to what it is quantized to at once, and its error is told", async () => {
  const told: QuantizedTensor[] = [];
  const formats = { stored: "f32", quantized: "q4_0", device: "q4_0" } as const;
  const converted = convertWeight(f32Source, entry, formats, (tensor) => told.push(tensor));
  const blocks = quantize("q4_0", values);
  expect(converted.byteLength).toBe(blocks.byteLength);
  expect(await bytesOf(converted.pieces())).toEqual(blocks);
  const after = dequantize("q4_0", blocks);
  const sum = (of: (i: number) => number) => values.reduce((total, _, i) => total + of(i), 0);
  const error = Math.sqrt(sum((i) => (after[i]! - values[i]!) ** 2) / sum((i) => values[i]! ** 2));
  expect(told).toEqual([
    { tensor: entry.checkpointName, stored: "f32", format: "q4_0", relativeError: expect.closeTo(error, 10) },
  ]);
  expect(error).toBeGreaterThan(0.05);
});

test("a device that does not multiply by the format gets the values that the blocks stand for", async () => {
  const formats = { stored: "f32", quantized: "q4_0", device: "f32" } as const;
  const converted = convertWeight(f32Source, entry, formats);
  expect(converted.byteLength).toBe(4 * values.length);
  const expected = quantize("f32", dequantize("q4_0", quantize("q4_0", values)));
  expect(await bytesOf(converted.pieces())).toEqual(expected);
});

test("a value that cannot be quantized is told with its tensor", async () => {
  const bad: WeightSource = {
    byteLength: 4 * values.length,
    async *pieces() {
      yield quantize(
        "f32",
        values.map((value, i) => (i === 9 ? Number.NaN : value)),
      );
    },
  };
  const converted = convertWeight(bad, entry, { stored: "f32", quantized: "q4_0", device: "q4_0" });
  await expect(bytesOf(converted.pieces())).rejects.toMatchObject({
    code: "VALUE_UNQUANTIZABLE",
    message: expect.stringMatching(/"blk.1.ffn_up.weight".*Value 9/),
  });
});

test("matrices of a GGUF file keep their blocks where the backend multiplies by them", async () => {
  const { model } = await openFixture("tiny-a");
  const config = (await model.json("config.json")) as Record<string, unknown>;
  const bytes = await ggufOf(config, await model.weights(), { quantize: "q8_0" });
  const file = await openWeights(new File([bytes], "m.gguf"));
  const architecture = architectureOf(configOfGguf(file), "gguf");
  const formats = checkCheckpoint(architecture, file, ["q8_0", "f32"]);
  for (const { name, kind } of architecture.weights) {
    expect([name, formats[name]?.device]).toEqual([name, kind === "matrix" ? "q8_0" : "f32"]);
  }
});
