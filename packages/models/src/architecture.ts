import type { DType, Format, Program } from "@krait/tensor";
import { UnsupportedArchitectureError } from "./errors.ts";
import { parseNemotronHConfig } from "./nemotron-h/config.ts";
import { nemotronHForward } from "./nemotron-h/forward.ts";
import { inGguf } from "./nemotron-h/gguf-weights.ts";
import { nemotronHWeights } from "./nemotron-h/weights.ts";
import { buildLogprobsProgram, buildSampleProgram } from "./sample-program.ts";

/** A parsed `config.json`. */
export type ModelConfig = Readonly<Record<string, unknown>>;

/** Whose names and shapes a checkpoint's tensors have: those of transformers, or those of llama.cpp. */
export type CheckpointLayout = "hugging-face" | "gguf";

/** −exp(x), and its inverse, ln(−x). */
export type WeightTransform = "negative-exponential" | "logarithm-of-negative";

/** One weight: its name in the Program, and where the checkpoint keeps it. */
export interface WeightEntry {
  readonly name: string;
  readonly checkpointName: string;
  /** In the Program. */
  readonly shape: readonly number[];
  /** In the file; holds as many values as `shape`. */
  readonly checkpointShape: readonly number[];
  /** Matrices keep a stored format that the backend multiplies by; vectors are small and become f32. */
  readonly kind: "matrix" | "vector";
  /** Applied to each value while loading. */
  readonly transform?: WeightTransform | undefined;
}

/** What the Programs are built for. */
export interface ProgramOptions {
  /** The format of each weight, by its name in the Program; f32 where none is given. */
  readonly formats: Readonly<Record<string, Format>>;
  /** Of convolution windows and recurrent states. */
  readonly stateDtype: DType;
  /** Of keys and values. */
  readonly kvDtype: DType;
  /** Sequences and snapshots that exist at once. */
  readonly maxSlots: number;
  /** Pages of keys and values, shared by all sequences. */
  readonly maxPages: number;
  /** Positions of the longest sequence. */
  readonly maxContext: number;
  readonly maxOutputRows: number;
  /** Logit biases for each output row. */
  readonly maxBiases: number;
  /** How many of the largest logits the host can read. */
  readonly topCount: number;
}

/** What a model is on a device: steps through its layers, draws of tokens, and what log-probabilities need. */
export interface ModelPrograms<T = Program> {
  readonly forward: T;
  readonly sample: T;
  readonly logprobs: T;
}

/** A model family, with the sizes of one config. */
export interface Architecture {
  /** As in `model_type`. */
  readonly name: string;
  readonly vocabularySize: number;
  /** Positions that the model was trained for. */
  readonly maxContext: number;
  /** One line that names the layers, for people. */
  readonly summary: string;
  /** As the checkpoint's layout has them. */
  readonly weights: readonly WeightEntry[];
  programs(options: ProgramOptions): ModelPrograms;
}

type Family = (config: ModelConfig, layout: CheckpointLayout) => Architecture;

const families: Readonly<Record<string, Family>> = { nemotron_h: nemotronH };

/**
 * The architecture that a config describes.
 *
 * @param config - a `config.json`, or what {@link configOfGguf} makes of a GGUF file.
 * @param layout - of the checkpoint that will be loaded.
 * @throws {UnsupportedArchitectureError} naming what is known.
 * @throws {ConfigError} when a field is missing or wrong.
 */
export function architectureOf(config: ModelConfig, layout: CheckpointLayout = "hugging-face"): Architecture {
  const modelType = config.model_type;
  const family =
    typeof modelType === "string" && Object.hasOwn(families, modelType) ? families[modelType] : undefined;
  if (family === undefined) {
    throw new UnsupportedArchitectureError(
      modelType === undefined
        ? "no model_type in its config.json"
        : `model_type ${JSON.stringify(modelType)}`,
      Object.keys(families),
      "Check that config.json is that of a Nemotron-H model.",
    );
  }
  return family(config, layout);
}

function nemotronH(json: ModelConfig, layout: CheckpointLayout): Architecture {
  const config = parseNemotronHConfig(json);
  const entries = nemotronHWeights(config);
  const weights = layout === "gguf" ? inGguf(entries, config) : entries;
  const count = (kind: string): number => config.pattern.filter((layer) => layer === kind).length;
  return {
    name: "nemotron_h",
    vocabularySize: config.vocabularySize,
    maxContext: config.maxContext,
    summary: `${config.pattern.length} layers: ${count("M")} Mamba-2, ${count("-")} MLP, ${count("*")} attention`,
    weights,
    programs: (options) => ({
      forward: nemotronHForward(config, weights, options),
      sample: buildSampleProgram(config.vocabularySize, options),
      logprobs: buildLogprobsProgram(config.vocabularySize, options),
    }),
  };
}
