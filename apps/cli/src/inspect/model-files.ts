import { basename } from "node:path";
import type { ModelConfig } from "@krait/models";
import { modelUrl } from "@krait/tiny-model";
import { openModelFolder, parseConfigJson, WeightError, type WeightFile } from "@krait/weights";
import { InputError } from "../errors.ts";
import { readInput } from "../text-input.ts";

/** A config, and the checkpoint beside it if there is one. */
export interface ModelFiles {
  readonly name: string;
  readonly config: ModelConfig;
  readonly checkpoint: WeightFile | undefined;
}

/**
 * Opens a model to be looked at: a folder, which need not hold weights, or a config as a JSON file. Of a
 * checkpoint only headers are read.
 */
export async function openModelFiles(location: string | undefined): Promise<ModelFiles> {
  if (location !== undefined && isConfigFile(location)) {
    const config = parseConfigJson(await readInput(location), location);
    return { name: location, config: asConfig(location, config), checkpoint: undefined };
  }
  const folder = await openModelFolder(location ?? modelUrl);
  const config = await folder.json("config.json", { required: true });
  return {
    name: location === undefined ? "the embedded model" : basename(folder.location),
    config: asConfig(`config.json of ${folder.location}`, config),
    checkpoint: await folder.weights().catch((error) => {
      if (hasNoCheckpoint(error)) return undefined;
      throw error;
    }),
  };
}

function isConfigFile(location: string): boolean {
  return (
    location.endsWith(".json") && !location.endsWith(".safetensors.index.json") && !location.includes("://")
  );
}

/** As opposed to a checkpoint that lacks one of its shards, which is an error. */
function hasNoCheckpoint(error: unknown): boolean {
  return (
    error instanceof WeightError &&
    error.code === "WEIGHT_FILE_MISSING" &&
    Array.isArray(error.expected) &&
    error.expected.includes("model.safetensors")
  );
}

function asConfig(name: string, value: unknown): ModelConfig {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as ModelConfig;
  throw new InputError("INPUT_INVALID", name, `${name} should be a JSON object.`);
}
