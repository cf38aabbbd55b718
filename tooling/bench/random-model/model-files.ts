import { existsSync } from "node:fs";
import { mkdir, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { architectureOf, ggufKeysOf, type WeightEntry } from "@krait/models";
import { byteLength, type Format, isDType, type TensorSpec } from "@krait/tensor";
import { type GgufTensorToWrite, writeGgufFile } from "@krait/weights";
import { peersFolder } from "../engines/peers.ts";
import { RandomWeights } from "./random-weights.ts";
import { shapes } from "./shapes.ts";
import { vocabularyKeys } from "./vocabulary.ts";

/** A model file, and what one token of decoding reads of it. */
export interface ModelFile {
  readonly path: string;
  /** Of all weights but the embedding table, of which a token takes one row. */
  readonly bytesPerToken: number;
}

/**
 * The path of a model of this shape, whose matrices have this format, with random weights: a file that was
 * made before, in the folder `gguf` of the peers or else in that for temporary files, or a new one.
 *
 * @throws {Error} when the disk has no room for it.
 */
export async function modelFile(
  shape: string,
  format: Format,
  note: (text: string) => void,
): Promise<ModelFile> {
  const config = shapes[shape]!();
  const { weights, vocabularySize } = architectureOf(config, "gguf");
  const specs = weights.map((entry) => specOf(entry, format));
  const folder = join(peersFolder() ?? tmpdir(), "gguf");
  const path = join(folder, `krait-${shape}-${format}.gguf`);
  const bytesPerToken = weights.reduce(
    (sum, { name }, index) => sum + (name === "embeddings" ? 0 : byteLength(specs[index]!)),
    0,
  );
  if (existsSync(path)) return { path, bytesPerToken };

  const bytes = specs.reduce((sum, spec) => sum + byteLength(spec), 0);
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  const gigabytes = (count: number): string => `${(count / 1e9).toFixed(1)} GB`;
  if (bavail * bsize < bytes) {
    throw new Error(`${path} needs ${gigabytes(bytes)}, but the disk has ${gigabytes(bavail * bsize)}.`);
  }
  note(`Making ${path}, ${gigabytes(bytes)}`);
  const random = new RandomWeights(1);
  const tensors = weights.map((entry, index) => tensorOf(entry, specs[index]!, random));
  const metadata = [...ggufKeysOf(config), ...vocabularyKeys(vocabularySize)];
  await writeGgufFile(path, tensors, { metadata });
  return { path, bytesPerToken };
}

/** The head keeps more bits, as in the files that people make with llama.cpp. */
function specOf({ name, kind, checkpointShape }: WeightEntry, format: Format): TensorSpec {
  const inHead = name === "head" && !isDType(format) ? "q8_0" : format;
  return { shape: checkpointShape, format: kind === "matrix" ? inHead : "f32" };
}

function tensorOf(
  { name, kind, checkpointName, shape }: WeightEntry,
  { shape: checkpointShape, format }: TensorSpec,
  random: RandomWeights,
): GgufTensorToWrite {
  const data =
    kind === "matrix" ? random.matrix(shape as [number, number], format) : random.vector(name, shape);
  return { name: checkpointName, shape: checkpointShape, format, data };
}
