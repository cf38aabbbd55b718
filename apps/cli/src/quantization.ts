import { Option } from "commander";
import { type MatrixFormat, matrixFormats, type QuantizedTensor } from "krait";

export interface QuantizeFlag {
  readonly quantize?: MatrixFormat;
}

export function quantizeFlag(description: string): Option {
  return new Option("--quantize <format>", description).choices(matrixFormats);
}

/** `backbone.layers.0.mixer.in_proj.weight: bf16 to q4_0, relative error 8.63 %` */
export function quantizedLine({ tensor, stored, format, relativeError }: QuantizedTensor): string {
  return `${tensor}: ${stored} to ${format}, relative error ${percent(relativeError)}`;
}

/** All tensors in one line; the error is that of a tensor's values, as a root of mean squares. */
export function quantizedSummary(tensors: readonly QuantizedTensor[]): string {
  const formats = new Map<string, number>();
  for (const { format } of tensors) formats.set(format, (formats.get(format) ?? 0) + 1);
  const counts = [...formats].map(([format, count]) => `${count} in ${format}`).join(", ");
  const mean = tensors.reduce((sum, { relativeError }) => sum + relativeError, 0) / tensors.length;
  const worst = tensors.reduce((most, tensor) => (tensor.relativeError > most.relativeError ? tensor : most));
  return (
    `${tensors.length} matrices quantized, ${counts}: relative error ${percent(mean)} on average, ` +
    `${percent(worst.relativeError)} at most, of ${worst.tensor}`
  );
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(3)} %`;
}
