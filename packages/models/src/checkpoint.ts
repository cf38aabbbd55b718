import type { Format } from "@krait/tensor";
import type { WeightFile } from "@krait/weights";
import type { Architecture, WeightEntry } from "./architecture.ts";
import { CheckpointError } from "./errors.ts";
import { type MatrixFormat, quantizedFormat } from "./quantized-format.ts";

/** Tensors that some checkpoints hold beside the model itself: layers for multi-token prediction. */
const ignored = /^mtp\./;

/** Not weights by themselves: they would be codes of a quantization. */
const integers: readonly Format[] = ["i32", "u32"];

/** What becomes of a weight between the checkpoint and the device. */
export interface WeightFormats {
  readonly stored: Format;
  /** After quantizing; as stored where nothing is quantized. */
  readonly quantized: Format;
  readonly device: Format;
}

/** The formats that a model has on the device, by the weights' names in the Program. */
export function deviceFormats(formats: Readonly<Record<string, WeightFormats>>): Record<string, Format> {
  return Object.fromEntries(Object.entries(formats).map(([name, { device }]) => [name, device]));
}

/** The format of a weight on the device: its own if the backend multiplies by it; f32 otherwise, and for vectors. */
export function deviceFormat(
  kind: WeightEntry["kind"],
  stored: Format,
  weightFormats: readonly Format[],
): Format {
  return kind === "matrix" && weightFormats.includes(stored) ? stored : "f32";
}

/**
 * Checks every tensor of a checkpoint against the architecture, and chooses the format that each
 * weight will have on the device: matrices keep theirs, or that which they are quantized to, where the
 * backend multiplies by it; everything else becomes f32.
 *
 * @param quantize - what matrices are quantized to, by the rules of {@link quantizedFormat}.
 * @returns the formats of each weight, by its name in the Program.
 * @throws {CheckpointError} naming the tensor, and what was expected.
 */
export function checkCheckpoint(
  architecture: Architecture,
  file: Pick<WeightFile, "tensors">,
  weightFormats: readonly Format[],
  quantize?: MatrixFormat,
): Record<string, WeightFormats> {
  const formats: Record<string, WeightFormats> = {};
  const known = new Set<string>();
  for (const entry of architecture.weights) {
    const { name, checkpointName: tensor, checkpointShape, kind } = entry;
    known.add(tensor);
    const stored = file.tensors.get(tensor);
    if (stored === undefined) {
      throw new CheckpointError(
        "CHECKPOINT_TENSOR_MISSING",
        `The checkpoint has no tensor "${tensor}", which the model's config calls for. ` +
          `Check that all shards are there and that both files are of one model.`,
        { tensor },
      );
    }
    if (stored.shape.join() !== checkpointShape.join()) {
      throw new CheckpointError(
        "CHECKPOINT_SHAPE",
        `Tensor "${tensor}" has shape [${stored.shape.join(", ")}] in ${stored.file}, but the model's config ` +
          `calls for [${checkpointShape.join(", ")}]. Check that both files are of one model.`,
        { tensor, expected: checkpointShape, actual: stored.shape },
      );
    }
    if (stored.spec === undefined || integers.includes(stored.spec.format)) {
      throw new CheckpointError(
        "CHECKPOINT_DTYPE",
        `Tensor "${tensor}" is stored as ${stored.dtype}, which Krait does not read. ` +
          `Use a checkpoint in BF16, F16 or F32, or a GGUF file in Q8_0, Q4_0, Q4_K or the like.`,
        { tensor, actual: stored.dtype },
      );
    }
    const { format } = stored.spec;
    const quantized =
      quantize === undefined ? format : quantizedFormat(architecture, entry, format, quantize);
    formats[name] = { stored: format, quantized, device: deviceFormat(kind, quantized, weightFormats) };
  }
  // A tensor that nobody reads is a part of the model that would be left out in silence, such as scales.
  const unexpected = [...file.tensors.keys()].filter((tensor) => !known.has(tensor) && !ignored.test(tensor));
  if (unexpected.length > 0) {
    const shown = unexpected
      .slice(0, 5)
      .map((tensor) => `"${tensor}"`)
      .join(", ");
    throw new CheckpointError(
      "CHECKPOINT_TENSOR_UNEXPECTED",
      `The checkpoint holds ${unexpected.length} tensors that the model's config does not call for: ${shown}` +
        `${unexpected.length > 5 ? ", …" : ""}. It is of another model, or quantized in a way that Krait does not read.`,
      { tensor: unexpected[0]!, actual: unexpected },
    );
  }
  return formats;
}
