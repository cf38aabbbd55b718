import type { ModelConfig } from "./architecture.ts";
import { UnsupportedArchitectureError } from "./errors.ts";
import { GgufReader } from "./gguf-reader.ts";
import { type GgufContents, nemotronHConfigOfGguf } from "./nemotron-h/gguf-config.ts";

const families: Readonly<Record<string, (file: GgufContents) => ModelConfig>> = {
  nemotron_h: nemotronHConfigOfGguf,
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
  if (family !== undefined) return family(file);
  const feature = Object.hasOwn(planned, architecture)
    ? `architecture "${architecture}", with ${planned[architecture]}`
    : `architecture ${JSON.stringify(architecture.slice(0, 80))}`;
  throw new UnsupportedArchitectureError(feature, Object.keys(families));
}
