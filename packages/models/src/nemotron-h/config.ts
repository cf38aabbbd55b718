import { ConfigReader } from "../config-reader.ts";
import { ConfigError, UnsupportedArchitectureError } from "../errors.ts";

/** One residual layer: `M` Mamba-2, `-` MLP, `*` attention. */
export type LayerKind = "M" | "-" | "*";

/** A Nemotron-H `config.json`, checked, in Krait's names. */
export interface NemotronHConfig {
  readonly pattern: readonly LayerKind[];
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  /** Query heads of attention. */
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly mambaHeads: number;
  readonly mambaHeadDim: number;
  readonly stateSize: number;
  readonly groups: number;
  readonly convKernelSize: number;
  readonly chunkSize: number;
  readonly timeStepLimit: readonly [minimum: number, maximum: number];
  /** Of every norm. */
  readonly epsilon: number;
  readonly convBias: boolean;
  readonly mambaBias: boolean;
  readonly attentionBias: boolean;
  readonly mlpBias: boolean;
  /** The output head is the embedding table. */
  readonly tiedHead: boolean;
  /** Positions that the model was trained for. */
  readonly maxContext: number;
}

/** Layers as characters of `hybrid_override_pattern`, and as transformers 5 spells them out. */
const layerKinds: ReadonlyMap<string, LayerKind> = new Map([
  ["M", "M"],
  ["mamba", "M"],
  ["linear_attention", "M"],
  ["-", "-"],
  ["mlp", "-"],
  ["*", "*"],
  ["attention", "*"],
  ["full_attention", "*"],
]);

const mixtureOfExperts: ReadonlySet<string> = new Set(["E", "moe"]);

/**
 * Reads a Nemotron-H config.
 *
 * @throws {ConfigError} naming the field, what was expected and what it is.
 * @throws {UnsupportedArchitectureError} naming the feature.
 */
export function parseNemotronHConfig(json: Readonly<Record<string, unknown>>): NemotronHConfig {
  const read = new ConfigReader(json);
  const pattern = parsePattern(read);
  const has = (kind: LayerKind): boolean => pattern.includes(kind);
  const heads = has("*") ? read.count("num_attention_heads") : 1;
  const config: NemotronHConfig = {
    pattern,
    vocabularySize: read.count("vocab_size"),
    hiddenSize: read.count("hidden_size"),
    intermediateSize: has("-") ? read.count("intermediate_size") : 1,
    heads,
    keyValueHeads: has("*") ? read.count("num_key_value_heads", { fallback: heads }) : 1,
    // Explicit, and not hidden_size / heads: 128 against 112 in the 9B.
    headDim: has("*") ? read.count("head_dim", { alias: "attention_head_dim", fallback: 128 }) : 1,
    mambaHeads: has("M") ? read.count("mamba_num_heads") : 1,
    mambaHeadDim: has("M") ? read.count("mamba_head_dim") : 1,
    stateSize: has("M") ? read.count("ssm_state_size") : 1,
    groups: has("M") ? read.count("n_groups", { alias: "mamba_n_groups", fallback: 8 }) : 1,
    convKernelSize: read.count("conv_kernel", { alias: "mamba_d_conv", fallback: 4 }),
    chunkSize: read.count("chunk_size", { alias: "mamba_chunk_size", fallback: 128 }),
    timeStepLimit: read.range("time_step_limit", { alias: "mamba_dt_limit", fallback: [0, Infinity] }),
    epsilon: read.positive("layer_norm_epsilon", { alias: "rms_norm_eps", fallback: 1e-5 }),
    convBias: read.flag("use_conv_bias", { alias: "mamba_conv_bias", fallback: true }),
    mambaBias: read.flag("use_bias", { fallback: false }),
    attentionBias: read.flag("attention_bias", { fallback: false }),
    mlpBias: read.flag("mlp_bias", { fallback: false }),
    tiedHead: read.flag("tie_word_embeddings", { fallback: false }),
    maxContext: read.count("max_position_embeddings"),
  };
  requireValue(json, "mamba_hidden_act", "silu");
  requireValue(json, "mlp_hidden_act", "relu2");
  requireValue(json, "sliding_window", null);
  requireMultiple("num_attention_heads", config.heads, "num_key_value_heads", config.keyValueHeads);
  requireMultiple("mamba_num_heads", config.mambaHeads, "n_groups", config.groups);
  if (config.convKernelSize < 2) {
    throw new ConfigError({ field: "conv_kernel", expected: "at least 2", actual: config.convKernelSize });
  }
  return config;
}

function parsePattern(read: ConfigReader): LayerKind[] {
  const pattern = read.text("hybrid_override_pattern");
  const names = read.names("layers_block_type") ?? read.names("layer_types");
  const layers = pattern === undefined ? names : [...pattern];
  if (layers === undefined || layers.length === 0) {
    throw new ConfigError({
      field: "hybrid_override_pattern",
      expected: "the kinds of the layers, one character of M, - and * for each",
      actual: pattern,
    });
  }
  const count = read.optionalCount("num_hidden_layers");
  if (count !== undefined && count !== layers.length) {
    throw new ConfigError({
      field: "num_hidden_layers",
      expected: `${layers.length}, as many as the layers that are listed`,
      actual: count,
    });
  }
  return layers.map((layer) => {
    const kind = layerKinds.get(layer);
    if (kind !== undefined) return kind;
    const feature = mixtureOfExperts.has(layer)
      ? `mixture-of-experts layers ("${layer}" in its list of layers)`
      : `layers of kind "${layer}"`;
    throw new UnsupportedArchitectureError(feature, ["M (Mamba-2)", "- (MLP)", "* (attention)"]);
  });
}

function requireValue(json: Readonly<Record<string, unknown>>, field: string, expected: string | null): void {
  const actual = json[field] ?? expected;
  if (actual === expected) return;
  throw new UnsupportedArchitectureError(`${field} ${JSON.stringify(actual)}`, [
    `${field} ${JSON.stringify(expected)}`,
  ]);
}

function requireMultiple(field: string, count: number, divisorField: string, divisor: number): void {
  if (count % divisor === 0) return;
  throw new ConfigError({ field, expected: `a multiple of ${divisorField}, ${divisor}`, actual: count });
}
