import { dequantize, elementCount, formatLayouts, quantize, type WeightSource } from "@krait/tensor";
import { openFixture, Random, toGguf } from "@krait/testing";
import { openWeights } from "@krait/weights";
import { expect, test } from "vitest";
import { architectureOf, type WeightEntry } from "./architecture.ts";
import { checkCheckpoint } from "./checkpoint.ts";
import { convertWeight } from "./convert-weight.ts";
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
  const converted = convertWeight(source, entry, "q8_0", { shape, format: "f32" });
  expect(converted.byteLength).toBe(4 * elementCount(shape));
  const pieces: number[][] = [];
  for await (const piece of converted.pieces()) pieces.push([...piece]);
  expect(pieces.map((piece) => piece.length)).toEqual([512, 512, 256]);
  expect(pieces.flat()).toEqual([...quantize("f32", dequantize("q8_0", blocks))]);
});

test("a format that stays is passed on as it is, with its place in the file", () => {
  expect(convertWeight(source, entry, "q8_0", { shape, format: "q8_0" })).toBe(source);
});

test("nothing is quantized on the way", () => {
  expect(() => convertWeight(source, entry, "q8_0", { shape, format: "q4_0" })).toThrow(
    expect.objectContaining({ code: "QUANTIZE_UNSUPPORTED", message: expect.stringMatching(/q8_0.*q4_0/) }),
  );
});

test("matrices of a GGUF file keep their blocks where the backend multiplies by them", async () => {
  const { model } = await openFixture("tiny-a");
  const config = (await model.json("config.json")) as Record<string, unknown>;
  const bytes = await toGguf(config, await model.weights(), { matrices: "Q8_0" });
  const file = await openWeights(new File([bytes], "m.gguf"));
  const architecture = architectureOf(configOfGguf(file), "gguf");
  const formats = checkCheckpoint(architecture, file, ["q8_0", "f32"]);
  for (const { name, kind } of architecture.weights) {
    expect([name, formats[name]]).toEqual([name, kind === "matrix" ? "q8_0" : "f32"]);
  }
});
