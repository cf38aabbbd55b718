import { architectureOf, ggufKeysOf, type ModelConfig, type WeightEntry } from "@krait/models";
import { byteLength, type Format, isDType, type TensorSpec } from "@krait/tensor";
import { type GgufTensorToWrite, writeGgufFile } from "@krait/weights";
import { RandomWeights } from "./random-weights.ts";
import { vocabularyKeys } from "./vocabulary.ts";

/** Writes a GGUF file of a model with this config whose matrices have this format. */
export async function writeRandomModel(path: string, config: ModelConfig, format: Format): Promise<void> {
  const { weights, vocabularySize } = architectureOf(config, "gguf");
  const random = new RandomWeights(1);
  const tensors = weights.map((entry) => tensorOf(entry, format, random));
  const metadata = [...ggufKeysOf(config), ...vocabularyKeys(vocabularySize)];
  await writeGgufFile(path, tensors, { metadata });
}

/** Bytes of all weights of such a file, and of those that a token of decoding reads. */
export function randomModelBytes(
  config: ModelConfig,
  format: Format,
): { readonly all: number; readonly perToken: number } {
  const sizes = architectureOf(config, "gguf").weights.map((entry) => ({
    bytes: byteLength(specOf(entry, format)),
    // Of the embedding table a token takes one row.
    isRead: entry.name !== "embeddings",
  }));
  const sum = (some: typeof sizes): number => some.reduce((total, { bytes }) => total + bytes, 0);
  return { all: sum(sizes), perToken: sum(sizes.filter(({ isRead }) => isRead)) };
}

/** The head keeps more bits, as in the files that people make with llama.cpp. */
function specOf({ name, kind, checkpointShape }: WeightEntry, format: Format): TensorSpec {
  const inHead = name === "head" && !isDType(format) ? "q8_0" : format;
  return { shape: checkpointShape, format: kind === "matrix" ? inHead : "f32" };
}

function tensorOf(entry: WeightEntry, matrixFormat: Format, random: RandomWeights): GgufTensorToWrite {
  const { name, kind, shape, checkpointName } = entry;
  const { shape: checkpointShape, format } = specOf(entry, matrixFormat);
  const data =
    kind === "matrix" ? random.matrix(shape as [number, number], format) : random.vector(name, shape);
  return { name: checkpointName, shape: checkpointShape, format, data };
}
