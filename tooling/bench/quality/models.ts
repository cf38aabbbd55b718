import { readFile } from "node:fs/promises";
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
import { createTokenizer } from "@krait/tokenizer";
import { type ModelFolder, openModelFolder, writeGgufFile } from "@krait/weights";
import { vocabularyKeys } from "../random-model/vocabulary.ts";

/** A model whose quality is measured, and what it reads. */
export interface QualityModel {
  readonly name: string;
  readonly folder: ModelFolder;
  readonly config: ModelConfig;
  readonly tokens: readonly number[];
}

/**
 * The oracle's random checkpoints, which are the worst case for few bits, with random tokens; and the trained
 * embedded model, which reads English.
 */
export async function qualityModels(tokens: number): Promise<QualityModel[]> {
  return [
    await randomModel("tiny-a", tokens),
    await randomModel("tiny-b", tokens),
    await embeddedModel(tokens),
  ];
}

async function randomModel(name: FixtureName, tokens: number): Promise<QualityModel> {
  const { model: folder } = await openFixture(name);
  const config = (await folder.json("config.json")) as ModelConfig;
  return { name, folder, config, tokens: driftIds(tokens, architectureOf(config).vocabularySize) };
}

async function embeddedModel(tokens: number): Promise<QualityModel> {
  const folder = await openModelFolder(modelUrl);
  const config = (await folder.json("config.json")) as ModelConfig;
  const tokenizer = createTokenizer({ tokenizer: (await folder.json("tokenizer.json")) as object });
  const text = await readFile(new URL("../../../README.md", import.meta.url), "utf8");
  return { name: "embedded", folder, config, tokens: tokenizer.encode(text).slice(0, tokens) };
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
