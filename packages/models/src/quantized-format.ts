import { type Format, formatLayouts, isDType, isScaled, KraitError, type ScaledFormat } from "@krait/tensor";
import type { Architecture, WeightEntry } from "./architecture.ts";
import { CheckpointError } from "./errors.ts";

/** What a model's matrices can be quantized to: piece by piece, which a scale of the whole tensor forbids. */
export type MatrixFormat = Exclude<Format, "i32" | "u32" | ScaledFormat>;

export const matrixFormats: readonly MatrixFormat[] = (Object.keys(formatLayouts) as Format[]).filter(
  (format): format is MatrixFormat => format !== "i32" && format !== "u32" && !isScaled(format),
);

/** What takes the place of a format whose blocks of 256 values do not fit a matrix's rows, as in llama.cpp. */
const fallbacks: Partial<Readonly<Record<Format, Format>>> = {
  q2_k: "iq4_nl",
  q3_k: "iq4_nl",
  q4_k: "q5_0",
  q5_k: "q5_1",
  q6_k: "q8_0",
};

/** @throws {KraitError} `QUANTIZE_FORMAT_UNKNOWN`, with the formats there are. */
export function requireMatrixFormat(format: string): asserts format is MatrixFormat {
  if ((matrixFormats as readonly string[]).includes(format)) return;
  throw new KraitError(
    "QUANTIZE_FORMAT_UNKNOWN",
    `There is no format ${JSON.stringify(format)} to quantize to. Choose one of ${matrixFormats.join(", ")}.`,
  );
}

/**
 * The format of a weight after quantizing, by llama.cpp's rules for a model all in one format:
 *
 * - Vectors, and the convolution's few weights, stay as they are.
 * - The output head, or the embedding table that serves as one, is q6_k; q8_0 where that was asked for or
 *   where its rows are not blocks of 256.
 * - Every other matrix gets what was asked for. Rows that are not blocks of 256 get a format with blocks of
 *   32 and about as many bits or more: iq4_nl for q2_k and q3_k, q5_0 for q4_k, q5_1 for q5_k, q8_0 for q6_k.
 *   Rows that are not blocks of 32 either stay as they are.
 *
 * @param stored - its format in the checkpoint.
 * @throws {CheckpointError} `CHECKPOINT_QUANTIZED` when it is quantized there, and would be again.
 */
export function quantizedFormat(
  { weights }: Pick<Architecture, "weights">,
  entry: WeightEntry,
  stored: Format,
  wanted: MatrixFormat,
): Format {
  if (entry.kind === "vector") return stored;
  if (isDType(wanted)) return wanted;
  if (!isDType(stored)) throw alreadyQuantized(entry, stored, wanted);
  const columns = entry.shape.at(-1)!;
  const fits = (format: Format): boolean => columns % formatLayouts[format].valuesPerBlock === 0;
  const head =
    weights.find(({ name }) => name === "head") ?? weights.find(({ name }) => name === "embeddings");
  const preferred = entry.name === head?.name && wanted !== "q8_0" ? "q6_k" : wanted;
  return [preferred, fallbacks[preferred]].find((format) => format !== undefined && fits(format)) ?? stored;
}

function alreadyQuantized({ checkpointName }: WeightEntry, stored: Format, wanted: Format): CheckpointError {
  return new CheckpointError(
    "CHECKPOINT_QUANTIZED",
    `Tensor "${checkpointName}" is quantized already, to ${stored}. Quantizing it again, to ${wanted}, would ` +
      `add one error to the other: load it as it is, or start from a checkpoint in BF16, F16 or F32.`,
    { tensor: checkpointName, actual: stored },
  );
}
