import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  architectureOf,
  convertCheckpoint,
  ggufKeysOf,
  type MatrixFormat,
  type ModelConfig,
} from "@krait/models";
import { driftIds, type FixtureName, openFixture } from "@krait/testing";
import { modelUrl } from "@krait/tiny-model";
import { type ModelFolder, openModelFolder, writeGgufFile } from "@krait/weights";
import { vocabularyKeys } from "../random-model/vocabulary.ts";

/** A model whose quality is measured, and what it reads. */
export interface QualityModel {
  readonly name: string;
  readonly folder: ModelFolder;
  readonly config: ModelConfig;
  readonly tokens: readonly number[];
}

/** The oracle's random checkpoints, which are the worst case for few bits, and the trained embedded model. */
export async function qualityModels(tokens: number): Promise<QualityModel[]> {
  const fixture = async (name: FixtureName) => (await openFixture(name)).model;
  const folders = {
    "tiny-a": await fixture("tiny-a"),
    "tiny-b": await fixture("tiny-b"),
    embedded: await openModelFolder(modelUrl),
  };
  return await Promise.all(
    Object.entries(folders).map(async ([name, folder]) => {
      const config = (await folder.json("config.json")) as ModelConfig;
      const { vocabularySize } = architectureOf(config);
      return { name, folder, config, tokens: driftIds(tokens, vocabularySize) };
    }),
  );
}

/** Writes the model as a GGUF file with its matrices in a format, and a vocabulary that any engine accepts. */
export async function writeQuantized(
  { name, folder, config }: QualityModel,
  quantize: MatrixFormat,
): Promise<string> {
  const path = join(tmpdir(), `krait-quality-${name}-${quantize}-${process.pid}.gguf`);
  await using file = await folder.weights();
  const tensors = convertCheckpoint(config, file, { layout: "gguf", quantize });
  const { vocabularySize } = architectureOf(config);
  await writeGgufFile(path, tensors, {
    metadata: [...ggufKeysOf(config), ...vocabularyKeys(vocabularySize)],
  });
  return path;
}
