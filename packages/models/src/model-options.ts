import { type Backend, type DType, type Extents, type Format, KraitError, PAGE_SIZE } from "@krait/tensor";
import type { Architecture, ProgramOptions } from "./architecture.ts";

/** How large a model's states are made. Everything has a default. */
export interface ModelOptions {
  /** Positions of the longest sequence; what the model was trained for unless given. */
  readonly maxContext?: number | undefined;
  /** Sequences that exist at once; 4 unless given. */
  readonly maxSequences?: number | undefined;
  /** What snapshots of sequences' states may take, by which prompts that begin alike are read once; as much as the states of all sequences unless given. */
  readonly prefixCacheBytes?: number | undefined;
  /** Positions of keys and values that all sequences and snapshots share; `maxContext` unless given. */
  readonly maxKvTokens?: number | undefined;
  /** Rows of a step, of all sequences together; 256 unless given. */
  readonly chunkRows?: number | undefined;
  /** Rows of one step whose logits can be read; 8 unless given, or as many as there are sequences. */
  readonly maxOutputRows?: number | undefined;
  /** Of convolution windows and recurrent states; f32 unless given, as the model was trained. A backend may have no other. */
  readonly stateDtype?: DType | undefined;
  /** Of keys and values; the backend's own choice unless given. */
  readonly kvDtype?: DType | undefined;
  /** How many of the largest logits are kept for log-probabilities; 20 unless given. */
  readonly topCount?: number | undefined;
  /** Logit biases of one request; 64 unless given. */
  readonly maxBiases?: number | undefined;
}

/** The sizes that Programs are built for, and the largest step that they run. */
export interface ModelSizes {
  readonly program: ProgramOptions;
  readonly largest: Extents;
}

/** @throws {KraitError} `MODEL_OPTION_INVALID` naming the option. */
export function resolveModelOptions(
  architecture: Architecture,
  backend: Pick<Backend, "kvDtype">,
  formats: Readonly<Record<string, Format>>,
  options: ModelOptions,
): ModelSizes {
  const maxContext = count("maxContext", options.maxContext, architecture.maxContext);
  const maxSlots = count("maxSequences", options.maxSequences, 4);
  const maxKvTokens = count("maxKvTokens", options.maxKvTokens, maxContext);
  const rows = count("chunkRows", options.chunkRows, 256);
  const { prefixCacheBytes = 0 } = options;
  if (!(prefixCacheBytes >= 0)) {
    throw new KraitError(
      "MODEL_OPTION_INVALID",
      `prefixCacheBytes should be a number of bytes, 0 or more, but is ${prefixCacheBytes}.`,
    );
  }
  const maxOutputRows = count("maxOutputRows", options.maxOutputRows, Math.max(8, maxSlots));
  return {
    program: {
      formats,
      stateDtype: float("stateDtype", options.stateDtype, "f32"),
      kvDtype: float("kvDtype", options.kvDtype, backend.kvDtype),
      maxSlots,
      // One page more for each slot: a fork copies the page that its parent has only partly filled.
      maxPages: Math.ceil(maxKvTokens / PAGE_SIZE) + maxSlots,
      maxContext,
      maxOutputRows,
      maxBiases: count("maxBiases", options.maxBiases, 64),
      topCount: Math.min(count("topCount", options.topCount, 20), architecture.vocabularySize),
    },
    largest: {
      rows,
      segments: Math.min(maxSlots, rows),
      longestSegment: rows,
      context: maxContext,
      outputRows: maxOutputRows,
    },
  };
}

function count(option: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new KraitError(
    "MODEL_OPTION_INVALID",
    `${option} should be a positive whole number, but is ${value}.`,
  );
}

function float(option: string, value: DType | undefined, fallback: DType): DType {
  if (value === undefined) return fallback;
  if (value === "f32" || value === "f16" || value === "bf16") return value;
  throw new KraitError("MODEL_OPTION_INVALID", `${option} should be f32, f16 or bf16, but is ${value}.`);
}
