import type { TensorSpec } from "@krait/tensor";
import { quote, WeightError, type WeightErrorCode } from "../weight-error.ts";
import { type GgmlType, ggmlTypes } from "./ggml-types.ts";
import type { HeaderReader } from "./header-reader.ts";

/** One tensor as the header declares it, its offset counted from the start of the file. */
export interface GgufTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly spec: TensorSpec | undefined;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** The same before the header's end is known: its offset counts from where the data starts. */
export interface DeclaredTensor extends GgufTensor {
  readonly name: string;
}

/** Far more tensors than any file has. */
const MAX_TENSORS = 65_536;

/** ggml's own limit. */
const MAX_DIMENSIONS = 4;

/**
 * Reads so many declarations and checks each by itself. ggml counts dimensions from the fastest; here
 * the last is the fastest.
 */
export function readTensors(reader: HeaderReader, count: number): DeclaredTensor[] {
  reader.place = "the count of tensors";
  if (count > MAX_TENSORS)
    throw reader.invalid(`is ${count}; at most ${MAX_TENSORS} are allowed`, MAX_TENSORS, count);
  const names = new Set<string>();
  const tensors: DeclaredTensor[] = [];
  for (let i = 0; i < count; i++) {
    reader.place = `the declaration of tensor ${i + 1} of ${count}`;
    const name = reader.text();
    reader.place = `the declaration of tensor ${quote(name)}`;
    if (names.has(name)) throw fault(reader.file, name, "WEIGHT_HEADER_INVALID", "is declared twice.");
    names.add(name);
    tensors.push(readTensor(reader, name));
  }
  return tensors;
}

function readTensor(reader: HeaderReader, name: string): DeclaredTensor {
  const { file } = reader;
  const dimensions = reader.u32();
  if (dimensions > MAX_DIMENSIONS) {
    const what = `has ${dimensions} dimensions; GGUF has at most ${MAX_DIMENSIONS}.`;
    throw fault(file, name, "WEIGHT_SHAPE_INVALID", what, MAX_DIMENSIONS, dimensions);
  }
  const shape = Array.from({ length: dimensions }, () => reader.count()).reverse();
  const number = reader.u32();
  const byteOffset = reader.count();
  const type = ggmlTypes.get(number);
  if (type === undefined) {
    const what =
      `has type ${number}, which ggml does not store, or no longer. ` +
      `The file is damaged, or newer than this package.`;
    throw fault(file, name, "WEIGHT_DTYPE_UNSUPPORTED", what, [...ggmlTypes.keys()], number);
  }
  const byteLength = tensorByteLength(type, shape);
  if (byteLength === undefined) {
    const what =
      `is ${type.name} of shape [${shape.join(", ")}], which no file can hold: ` +
      `rows are whole blocks of ${type.layout.valuesPerBlock} values.`;
    throw fault(file, name, "WEIGHT_SHAPE_INVALID", what, type.layout.valuesPerBlock, shape);
  }
  const spec = type.format && { shape, format: type.format };
  return { name, dtype: type.name, shape, spec, byteOffset, byteLength };
}

/** @returns undefined when rows are not whole blocks, or a number would not hold the count exactly. */
function tensorByteLength({ layout }: GgmlType, shape: readonly number[]): number | undefined {
  if ((shape.at(-1) ?? 1) % layout.valuesPerBlock !== 0) return undefined;
  let values = 1;
  for (const dimension of shape) {
    values *= dimension;
    if (!Number.isSafeInteger(values)) return undefined;
  }
  const byteLength = (values / layout.valuesPerBlock) * layout.bytesPerBlock;
  return Number.isSafeInteger(byteLength) ? byteLength : undefined;
}

/**
 * Places the tensors in the file: aligned, within it, and without overlap. Gaps are padding.
 *
 * @param dataStart - where offset 0 lies.
 * @returns the tensors in the order of their bytes.
 */
export function placeTensors(
  declared: readonly DeclaredTensor[],
  file: string,
  { dataStart, alignment, fileBytes }: { dataStart: number; alignment: number; fileBytes: number },
): Map<string, GgufTensor> {
  // Empty tensors come before the one that starts where they lie.
  const sorted = [...declared].sort((a, b) => a.byteOffset - b.byteOffset || a.byteLength - b.byteLength);
  const tensors = new Map<string, GgufTensor>();
  let end = 0;
  for (const { name, ...tensor } of sorted) {
    const { byteOffset, byteLength } = tensor;
    const at = dataStart + byteOffset;
    if (byteOffset % alignment !== 0) {
      const what = `starts at offset ${byteOffset}, which is not a multiple of ${alignment}.`;
      throw fault(file, name, "WEIGHT_OFFSETS_INVALID", what, alignment, byteOffset);
    }
    if (byteOffset < end) {
      const what = `overlaps the tensor before it: it starts at offset ${byteOffset} and not at ${end} or later.`;
      throw fault(file, name, "WEIGHT_OFFSETS_INVALID", what, end, byteOffset);
    }
    end = byteOffset + byteLength;
    if (at + byteLength > fileBytes) {
      const what = `ends at byte ${at + byteLength}, but the file has ${fileBytes} bytes. Download or copy it again.`;
      throw fault(file, name, "WEIGHT_FILE_TRUNCATED", what, at + byteLength, fileBytes);
    }
    tensors.set(name, { ...tensor, byteOffset: at });
  }
  return tensors;
}

function fault(
  file: string,
  tensor: string,
  code: WeightErrorCode,
  what: string,
  expected?: unknown,
  actual?: unknown,
): WeightError {
  const message = `Tensor ${quote(tensor)} of ${file} ${what}`;
  return new WeightError({ code, message, file, tensor, expected, actual });
}
