import { encodeGguf, type WeightFile } from "@krait/weights";
import type { ModelConfig } from "../src/architecture.ts";
import { type ConvertOptions, convertCheckpoint } from "../src/convert-checkpoint.ts";
import { ggufKeysOf } from "../src/gguf-config.ts";

/** A checkpoint as a GGUF file in memory, without a tokenizer. */
export async function ggufOf(
  config: ModelConfig,
  weights: WeightFile,
  options: Pick<ConvertOptions, "quantize" | "onQuantized"> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const tensors = convertCheckpoint(config, weights, { ...options, layout: "gguf" });
  return await bytesOf(encodeGguf(tensors, ggufKeysOf(config)));
}

/** A stream's bytes, copied out of pieces that it may use again. */
export async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of pieces) parts.push(new Uint8Array(piece));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
