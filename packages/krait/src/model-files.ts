import { type Architecture, architectureOf, configOfGguf, type ModelConfig } from "@krait/models";
import type { ModelFolder, WeightFile } from "@krait/weights";
import { ModelError } from "./errors.ts";
import { type GenerationConfig, generationConfigOfGguf, readGenerationConfig } from "./generation-config.ts";
import { readTextSources, type TextSources, textSourcesOfGguf } from "./text-sources.ts";

/** What a model's files say beside its weights. */
export interface ModelFiles {
  readonly config: ModelConfig;
  readonly architecture: Architecture;
  readonly defaults: GenerationConfig;
  readonly text: TextSources;
}

/**
 * Reads the files beside safetensors, in the Hugging Face layout. A GGUF file says all of it itself, and
 * what lies beside it is not looked at.
 *
 * @throws {ModelError} `MODEL_FILE_INVALID`, and the errors of the packages below.
 */
export async function readModelFiles(
  folder: ModelFolder,
  file: WeightFile,
  signal?: AbortSignal,
): Promise<ModelFiles> {
  if (file.format === "gguf") {
    const config = configOfGguf(file);
    return {
      config,
      architecture: architectureOf(config, "gguf"),
      defaults: generationConfigOfGguf(file.metadata, config),
      text: textSourcesOfGguf(file.metadata),
    };
  }
  const config = await readConfig(folder, signal);
  return {
    config,
    architecture: architectureOf(config),
    defaults: readGenerationConfig(await folder.json("generation_config.json", { signal }), config),
    text: await readTextSources(folder, signal),
  };
}

async function readConfig(folder: ModelFolder, signal: AbortSignal | undefined): Promise<ModelConfig> {
  const config = await folder.json("config.json", { required: true, signal });
  if (typeof config === "object" && config !== null && !Array.isArray(config)) return config as ModelConfig;
  throw new ModelError("MODEL_FILE_INVALID", `config.json of ${folder.location} should be a JSON object.`, {
    file: "config.json",
  });
}
