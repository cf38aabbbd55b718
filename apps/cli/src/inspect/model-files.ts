import { basename } from "node:path";
import { type Architecture, architectureOf, configOfGguf, type ModelConfig } from "@krait/models";
import { parseConfigJson, WeightError, type WeightFile } from "@krait/weights";
import { InputError } from "../errors.ts";
import type { HubFlags } from "../hub-flags.ts";
import { openFolder } from "../open-folder.ts";
import { readInput } from "../text-input.ts";

/** A model's config, and its checkpoint if there is one. */
export interface ModelFiles {
  readonly name: string;
  readonly config: ModelConfig;
  readonly architecture: Architecture;
  readonly checkpoint: WeightFile | undefined;
}

/**
 * Opens a model to be looked at: a folder, which need not hold weights, a GGUF file, a config as a JSON file,
 * or one on the hub. Of a checkpoint only headers are read.
 *
 * @throws errors of `@krait/weights` and `@krait/models` when a file is damaged or not of a known model.
 */
export async function openModelFiles(location: string | undefined, flags: HubFlags): Promise<ModelFiles> {
  if (location !== undefined && isConfigFile(location)) {
    const config = asConfig(location, parseConfigJson(await readInput(location), location));
    return { name: location, config, architecture: architectureOf(config), checkpoint: undefined };
  }
  const folder = await openFolder(location, flags);
  const name = location === undefined ? "the embedded model" : basename(location);
  const checkpoint = await folder.weights().catch((error) => {
    if (hasNoCheckpoint(error)) return undefined;
    throw error;
  });
  if (checkpoint?.format === "gguf") {
    const config = configOfGguf(checkpoint);
    return { name, config, architecture: architectureOf(config, "gguf"), checkpoint };
  }
  const json = await folder.json("config.json", { required: true });
  const config = asConfig(`config.json of ${folder.location}`, json);
  return { name, config, architecture: architectureOf(config), checkpoint };
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
