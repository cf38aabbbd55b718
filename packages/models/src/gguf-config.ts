import type { GgufKey } from "@krait/weights";
import { architectureOf, type ModelConfig } from "./architecture.ts";
import { UnsupportedArchitectureError } from "./errors.ts";
import { GgufReader } from "./gguf-reader.ts";
import { type GgufContents, nemotronHConfigOfGguf } from "./nemotron-h/gguf-config.ts";
import { nemotronHGgufKeys } from "./nemotron-h/gguf-keys.ts";

interface Family {
  configOf(file: GgufContents): ModelConfig;
  keysOf(config: ModelConfig): readonly GgufKey[];
}

const families: Readonly<Record<string, Family>> = {
  nemotron_h: { configOf: nemotronHConfigOfGguf, keysOf: nemotronHGgufKeys },
};

/** Architectures that are known by name and not supported yet. */
const planned: Readonly<Record<string, string>> = {
  nemotron_h_moe: "mixture-of-experts layers, which are not supported yet",
};

/**
 * The config of a GGUF file, in the fields of a `config.json`, so that `architectureOf(config, "gguf")`
 * serves. GGUF files need no other file beside them.
 *
 * @throws {UnsupportedArchitectureError} naming what is known.
 * @throws {ConfigError} when a key is missing or wrong.
 */
export function configOfGguf(file: GgufContents): ModelConfig {
  const architecture = new GgufReader(file.metadata, "general.").text("architecture");
  const family = Object.hasOwn(families, architecture) ? families[architecture] : undefined;
  if (family !== undefined) return family.configOf(file);
  const feature = Object.hasOwn(planned, architecture)
    ? `architecture "${architecture}", with ${planned[architecture]}`
    : `architecture ${JSON.stringify(architecture.slice(0, 80))}`;
  throw new UnsupportedArchitectureError(feature, Object.keys(families));
}

/**
 * The keys that a GGUF file needs for a model with this config, `general.architecture` first; those of the
 * tokenizer are not among them.
 *
 * @throws {UnsupportedArchitectureError} naming what is known, or what GGUF cannot say.
 * @throws {ConfigError} when a field is missing or wrong.
 */
export function ggufKeysOf(config: ModelConfig): readonly GgufKey[] {
  const { name } = architectureOf(config, "gguf");
  return [["general.architecture", "string", name], ...families[name]!.keysOf(config)];
}
