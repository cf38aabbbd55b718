import { quote, WeightError, type WeightErrorCode } from "../weight-error.ts";
import { isDType, type SafetensorsDType, tensorByteLength } from "./dtype.ts";

/** One tensor as the header declares it, its offset counted from the start of the file. */
export interface HeaderTensor {
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  readonly byteOffset: number;
  readonly byteLength: number;
}

/**
 * Checks every entry by itself, then that together they cover the data without overlap or hole.
 *
 * @param dataStart - where the header ends and offset 0 lies.
 * @param fileEnd - bytes of the whole file.
 * @returns the tensors in the order of their bytes.
 */
export function parseTensors(
  entries: Readonly<Record<string, unknown>>,
  file: string,
  dataStart: number,
  fileEnd: number,
): Map<string, HeaderTensor> {
  const tensors = Object.entries(entries).map(([name, entry]) => ({
    name,
    ...parseTensor({ file, name }, entry, dataStart),
  }));
  // Empty tensors come before the one that starts where they lie.
  tensors.sort((a, b) => a.byteOffset - b.byteOffset || a.byteLength - b.byteLength);
  let end = dataStart;
  for (const { name, byteOffset, byteLength } of tensors) {
    if (byteOffset !== end) throw notAdjacent({ file, name }, end, byteOffset);
    end += byteLength;
    if (end > fileEnd) throw beyondEnd({ file, name }, end, fileEnd);
  }
  if (end < fileEnd) throw unclaimed(file, end, fileEnd);
  return new Map(tensors.map(({ name, ...tensor }) => [name, tensor]));
}

function parseTensor(place: Place, entry: unknown, dataStart: number): HeaderTensor {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (!isDType(dtype)) throw unknownDType(place, dtype);
  if (!isCounts(shape)) throw malformedShape(place, shape);
  if (!isCounts(offsets) || offsets.length !== 2) throw malformedOffsets(place, offsets);
  const [start, end] = offsets as [number, number];
  if (start > end) throw malformedOffsets(place, offsets);
  const expected = tensorByteLength(dtype, shape);
  if (end - start !== expected) throw wrongSize(place, dtype, shape, expected, end - start);
  return { dtype, shape, byteOffset: dataStart + start, byteLength: end - start };
}

/** Whole, non-negative numbers that are exact. */
function isCounts(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.every((item) => Number.isSafeInteger(item) && item >= 0 && !Object.is(item, -0))
  );
}

interface Place {
  readonly file: string;
  readonly name: string;
}

function fault(
  { file, name }: Place,
  code: WeightErrorCode,
  what: string,
  expected: unknown,
  actual: unknown,
): WeightError {
  return new WeightError({
    code,
    message: `Tensor ${quote(name)} of ${file} ${what}`,
    file,
    tensor: name,
    expected,
    actual,
  });
}

function unknownDType(place: Place, actual: unknown): WeightError {
  const what =
    `has dtype ${describe(actual)}, which safetensors does not have. ` +
    `The file is corrupt, or newer than this package.`;
  return fault(place, "WEIGHT_DTYPE_UNSUPPORTED", what, "a dtype of safetensors", actual);
}

function malformedShape(place: Place, actual: unknown): WeightError {
  const what = `has shape ${describe(actual)}, which is not a list of whole numbers.`;
  return fault(place, "WEIGHT_SHAPE_INVALID", what, "an array of whole numbers", actual);
}

function wrongSize(
  place: Place,
  dtype: string,
  shape: readonly number[],
  expected: number | undefined,
  actual: number,
): WeightError {
  const needs = expected === undefined ? "no possible count of bytes" : `${expected} bytes`;
  const what = `is ${dtype} of shape ${describe(shape)}, which takes ${needs}, but its offsets span ${actual}.`;
  return fault(place, "WEIGHT_SHAPE_INVALID", what, expected, actual);
}

function malformedOffsets(place: Place, actual: unknown): WeightError {
  const what = `has data_offsets ${describe(actual)}, which are not a start and an end.`;
  return fault(place, "WEIGHT_OFFSETS_INVALID", what, "[start, end]", actual);
}

function notAdjacent(place: Place, expected: number, actual: number): WeightError {
  const how = actual < expected ? "overlaps the tensor before it" : "leaves a hole before it";
  const what = `${how}: it starts at byte ${actual} of the file instead of byte ${expected}.`;
  return fault(place, "WEIGHT_OFFSETS_INVALID", what, expected, actual);
}

function beyondEnd(place: Place, expected: number, actual: number): WeightError {
  const what = `ends at byte ${expected}, but the file has ${actual} bytes. Download or copy it again.`;
  return fault(place, "WEIGHT_FILE_TRUNCATED", what, expected, actual);
}

function unclaimed(file: string, expected: number, actual: number): WeightError {
  return new WeightError({
    code: "WEIGHT_OFFSETS_INVALID",
    message: `The tensors of ${file} end at byte ${expected}, but the file has ${actual} bytes.`,
    file,
    expected,
    actual,
  });
}

/** A value from a header, short enough for a message. */
function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
