import { KraitError } from "@krait/tensor";

/** What went wrong, for programs. */
export type WeightErrorCode =
  /** A folder, or a file that must be in it, does not exist. */
  | "WEIGHT_FILE_MISSING"
  /** The file ends before the bytes that its header promises. */
  | "WEIGHT_FILE_TRUNCATED"
  /** The file is no longer the one that was opened. */
  | "WEIGHT_FILE_CHANGED"
  /** A text file is not UTF-8 or not JSON. */
  | "WEIGHT_FILE_INVALID"
  /** A file format that this package does not read. */
  | "WEIGHT_FORMAT_UNSUPPORTED"
  /** The header is too long, does not parse, or says something malformed. */
  | "WEIGHT_HEADER_INVALID"
  /** Tensors overlap, or are not where the format has them: without holes, or aligned. */
  | "WEIGHT_OFFSETS_INVALID"
  /** A shape is malformed, or disagrees with the byte count. */
  | "WEIGHT_SHAPE_INVALID"
  /** A dtype that the file format does not have, or that Krait has no format for. */
  | "WEIGHT_DTYPE_UNSUPPORTED"
  /** `model.safetensors.index.json` is malformed, or names a shard outside its folder. */
  | "WEIGHT_INDEX_INVALID"
  /** The parts of a split GGUF file do not belong together. */
  | "WEIGHT_SPLIT_INVALID"
  /** No such tensor in this file, or not in the shard that the index names. */
  | "WEIGHT_TENSOR_MISSING"
  /** More bytes than may be held in memory at once: a row, a tensor read whole, a text file. */
  | "WEIGHT_TOO_LARGE"
  /** The server ignores Range requests, and the file is too large to be held in memory. */
  | "WEIGHT_RANGE_UNSUPPORTED"
  /** The server answered a Range request with other bytes than those asked for. */
  | "WEIGHT_RANGE_INVALID"
  /** The server answered with an error status. */
  | "WEIGHT_HTTP_STATUS"
  /** The disk, the browser or the network failed; `cause` says how. */
  | "WEIGHT_READ_FAILED"
  /** A path was given where there is no file system. */
  | "WEIGHT_NO_FILE_SYSTEM"
  /** Node is older than this package promises to run on. */
  | "WEIGHT_NODE_TOO_OLD"
  /** The file was used after `close`. */
  | "WEIGHT_CLOSED"
  /** Tensors or metadata given to the writer cannot be written. */
  | "WEIGHT_WRITE_INVALID"
  /** What was to be written is there already. */
  | "WEIGHT_TARGET_EXISTS"
  /** The disk refused to be written; `cause` says how. */
  | "WEIGHT_WRITE_FAILED";

/** A checkpoint, or a file beside it, that is missing, corrupt, hostile or out of reach. */
export class WeightError extends KraitError {
  declare readonly code: WeightErrorCode;
  /** Path, URL without its query, or name of the file or folder. */
  readonly file: string;
  readonly tensor: string | undefined;
  readonly expected: unknown;
  readonly actual: unknown;

  constructor(fault: {
    code: WeightErrorCode;
    message: string;
    file: string;
    tensor?: string | undefined;
    expected?: unknown;
    actual?: unknown;
    cause?: unknown;
  }) {
    super(fault.code, fault.message, fault.cause === undefined ? {} : { cause: fault.cause });
    this.file = fault.file;
    this.tensor = fault.tensor;
    this.expected = fault.expected;
    this.actual = fault.actual;
  }
}

/** A name as it may appear in a message: quoted, and cut short, since a hostile one may be megabytes long. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 117)}...` : name);
}
