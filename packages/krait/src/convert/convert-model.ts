import {
  type ConvertedTensor,
  convertCheckpoint,
  type MatrixFormat,
  type QuantizedTensor,
} from "@krait/models";
import { byteLength } from "@krait/tensor";
import { modelUrl } from "@krait/tiny-model";
import {
  encodeSafetensors,
  type ModelLocation,
  requireAbsent,
  type SafetensorsDType,
  writeFolder,
  writeGgufFile,
} from "@krait/weights";
import { ModelError } from "../errors.ts";
import { type FindModelOptions, findModel } from "../find-model.ts";
import { readModelFiles } from "../model-files.ts";
import { folderTexts } from "./folder-texts.ts";
import { ggufKeys } from "./gguf-keys.ts";

/** How far a conversion is; bytes are those of the new weights. */
export interface ConvertProgress {
  readonly writtenBytes: number;
  readonly totalBytes: number;
  /** The tensor being written, by its new name. */
  readonly tensor: string;
}

export interface ConvertModelOptions extends Omit<FindModelOptions, "weights"> {
  /** What matrices become, as for `loadModel`; as stored unless given. */
  readonly quantize?: MatrixFormat | undefined;
  /** Writes over a file, or a folder with nothing else in it, that is there; refused unless given. */
  readonly replace?: boolean | undefined;
  /** What the file calls itself; the name of the source's folder unless given. */
  readonly name?: string | undefined;
  readonly onProgress?: ((progress: ConvertProgress) => void) | undefined;
  readonly onQuantized?: ((tensor: QuantizedTensor) => void) | undefined;
}

/**
 * Writes a model anew: with its weights, tokenizer and chat template as one GGUF file, or as a folder in the
 * Hugging Face layout. It streams, and what it writes appears when it is complete, or not at all.
 *
 * @param location - as for `loadModel`; the embedded tiny model when undefined.
 * @param target - a path that ends in `.gguf`, or a folder's.
 * @throws {ModelError} `OPTION_INVALID` for a target of another kind; {@link WeightError}
 *   `WEIGHT_TARGET_EXISTS`; errors of the packages below, each with a `code`; when `signal` is aborted, its
 *   reason.
 */
export async function convertModel(
  location: ModelLocation | undefined,
  target: string,
  options: ConvertModelOptions = {},
): Promise<void> {
  const { quantize, replace = false, onQuantized, signal } = options;
  const layout = layoutOf(target);
  if (!replace) await requireAbsent(target);
  const folder = await findModel(location ?? modelUrl, { ...options, weights: true });
  await using file = await folder.weights(signal);
  const files = await readModelFiles(folder, file, signal);
  const converted = convertCheckpoint(files.config, file, { layout, quantize, onQuantized, signal });
  const tensors = counted(converted, options);
  if (layout === "gguf") {
    const name = options.name ?? nameOf(folder.location);
    const metadata = ggufKeys({ files, file, tensors, name });
    await writeGgufFile(target, tensors, { metadata, signal });
    return;
  }
  const safetensors = encodeSafetensors(
    tensors.map((tensor) => ({ ...tensor, dtype: tensor.format.toUpperCase() as SafetensorsDType })),
    { format: "pt" },
  );
  const texts = await folderTexts(folder, file, files, signal);
  const contents = new Map<string, string | AsyncIterable<Uint8Array>>(texts);
  await writeFolder(target, contents.set("model.safetensors", safetensors), { replace, signal });
}

function layoutOf(target: string): "gguf" | "hugging-face" {
  if (/\.gguf$/i.test(target)) return "gguf";
  if (!/\.(safetensors|json|bin)$/i.test(target)) return "hugging-face";
  throw new ModelError(
    "OPTION_INVALID",
    `The target should be a .gguf file, or a folder for safetensors and what lies beside them, but is ${target}.`,
    { option: "target", actual: target },
  );
}

/** The last part of a path or URL that says something: `nano`, of `models/nano/` or `https://…/nano.gguf`. */
function nameOf(location: string): string {
  const last = location.split(/[\\/]/).findLast((part) => part !== "");
  return last?.replace(/\.(gguf|safetensors)$/i, "") ?? location;
}

/** The same tensors, which report their bytes as they are written. */
function counted(
  tensors: readonly ConvertedTensor[],
  { onProgress }: ConvertModelOptions,
): readonly ConvertedTensor[] {
  const totalBytes = tensors.reduce((total, tensor) => total + byteLength(tensor), 0);
  let writtenBytes = 0;
  return tensors.map((tensor) => ({
    ...tensor,
    data: (async function* () {
      for await (const piece of tensor.data) {
        yield piece;
        writtenBytes += piece.byteLength;
        onProgress?.({ writtenBytes, totalBytes, tensor: tensor.name });
      }
    })(),
  }));
}
