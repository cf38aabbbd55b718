import type { ModelConfig } from "./architecture.ts";
import { ConfigError, UnsupportedArchitectureError } from "./errors.ts";
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
  const architecture = file.metadata["general.architecture"];
  if (typeof architecture !== "string") {
    throw new ConfigError({
      file: "The GGUF file",
      field: "general.architecture",
      expected: "the name of an architecture",
      actual: architecture,
    });
  }
  const family = Object.hasOwn(families, architecture) ? families[architecture] : undefined;
  if (family !== undefined) return family(file);
  const feature = Object.hasOwn(planned, architecture)
    ? `architecture "${architecture}", with ${planned[architecture]}`
    : `architecture ${JSON.stringify(architecture.slice(0, 80))}`;
  throw new UnsupportedArchitectureError(feature, Object.keys(families));
}
