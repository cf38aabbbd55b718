import { type Format, isDType, KraitError } from "@krait/tensor";
import type { WeightFile } from "@krait/weights";
import { architectureOf, type CheckpointLayout, type ModelConfig, type WeightEntry } from "./architecture.ts";
import { checkCheckpoint } from "./checkpoint.ts";
import { convertWeight, type QuantizedTensor } from "./convert-weight.ts";
import { type MatrixFormat, requireMatrixFormat } from "./quantized-format.ts";

export interface ConvertOptions {
  /** Whose names and shapes the tensors get. */
  readonly layout: CheckpointLayout;
  /** What matrices are quantized to, as `loadModel` does it; as stored unless given. */
  readonly quantize?: MatrixFormat | undefined;
  readonly onQuantized?: ((tensor: QuantizedTensor) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A tensor in its new layout, to be written. */
export interface ConvertedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly format: Format;
  /** Read and converted when it is iterated, in pieces that are valid until the next. */
  readonly data: AsyncIterable<Uint8Array>;
}

/**
 * The tensors of a checkpoint under the names and in the shapes of the other layout, or of the same; nothing
 * is read before their data are. In GGUF everything but matrices is f32, as llama.cpp has it. The Hugging
 * Face layout has no blocks: what is stored in them becomes f32.
 *
 * @param config - of the checkpoint; see {@link architectureOf}.
 * @throws {CheckpointError} when the checkpoint does not fit its config, or is quantized and would be again.
 * @throws {KraitError} `QUANTIZE_FORMAT_UNKNOWN`; `QUANTIZE_LAYOUT` for blocks in the Hugging Face layout.
 */
export function convertCheckpoint(
  config: ModelConfig,
  file: WeightFile,
  { layout, quantize, onQuantized, signal }: ConvertOptions,
): readonly ConvertedTensor[] {
  if (quantize !== undefined) requireMatrixFormat(quantize);
  if (quantize !== undefined && layout === "hugging-face" && !isDType(quantize)) throw noBlocks(quantize);
  const source = architectureOf(config, file.format === "gguf" ? "gguf" : "hugging-face");
  const target = architectureOf(config, layout);
  const formats = checkCheckpoint(source, file, [], quantize);
  return source.weights.map((entry, i) => {
    const { checkpointName: name, checkpointShape: shape, transform } = target.weights[i]!;
    const { stored, quantized } = formats[entry.name]!;
    const format = formatIn(layout, entry, quantized);
    const converted = convertWeight(
      file.source(entry.checkpointName),
      { ...entry, ...transformBetween(entry.transform, transform) },
      { stored, quantized, device: format },
      onQuantized,
    );
    return { name, shape, format, data: converted.pieces(signal) };
  });
}

function formatIn(layout: CheckpointLayout, { kind }: WeightEntry, format: Format): Format {
  if (layout === "gguf") return kind === "vector" ? "f32" : format;
  return isDType(format) ? format : "f32";
}

/** A transform leads from a layout to the Program; of two different ones, one layout has none. */
function transformBetween(
  source: WeightEntry["transform"],
  target: WeightEntry["transform"],
): Pick<WeightEntry, "transform"> {
  if (source === target) return { transform: undefined };
  return { transform: target === undefined ? source : "logarithm-of-negative" };
}

function noBlocks(format: Format): KraitError {
  return new KraitError(
    "QUANTIZE_LAYOUT",
    `Safetensors have no ${format}: choose f32, f16 or bf16, or write a GGUF file.`,
  );
}
