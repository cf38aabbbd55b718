import { KraitError } from "@krait/tensor";

/** What went wrong, for programs. */
export type HubErrorCode =
  /** Not a name such as `org/model`, or one with two different files. */
  | "HUB_NAME_INVALID"
  /** An option or environment variable is out of range or malformed. */
  | "HUB_OPTION_INVALID"
  /** The hub has no such model, or does not show it to whoever asks. */
  | "HUB_MODEL_NOT_FOUND"
  /** The model is there, without a branch, tag or commit of this name. */
  | "HUB_REVISION_NOT_FOUND"
  /** The model has no such file, or lacks one that it needs. */
  | "HUB_FILE_NOT_FOUND"
  /** There are several GGUF models, and none was chosen; `expected` lists them. */
  | "HUB_FILE_AMBIGUOUS"
  /** The hub refuses: the model is gated, or the token is wrong. */
  | "HUB_ACCESS_DENIED"
  /** The hub cannot be reached, or fails again and again; `actual` is the last status. */
  | "HUB_REQUEST_FAILED"
  /** The hub's answer is not what its interface promises. */
  | "HUB_RESPONSE_INVALID"
  /** A file's name would lead out of the cache. */
  | "HUB_FILE_NAME_UNSAFE"
  /** The bytes are not those that the hub has a checksum of, twice in a row. */
  | "HUB_CHECKSUM_MISMATCH"
  /** The disk has less room than the download needs: `expected` and `actual` bytes. */
  | "HUB_DISK_FULL"
  /** Offline, and the cache does not have all that is needed. */
  | "HUB_OFFLINE"
  /** There is nothing of this name in the cache to remove. */
  | "HUB_NOT_CACHED"
  /** The cache's disk refuses to be read or written; `cause` says how. */
  | "HUB_CACHE_FAILED"
  /** There is no file system for a cache here, as in browsers. */
  | "HUB_NO_FILE_SYSTEM";

/** A model that cannot be had from the hub or from the cache. */
export class HubError extends KraitError {
  declare readonly code: HubErrorCode;
  /** Such as `nvidia/NVIDIA-Nemotron-Nano-9B-v2`. */
  readonly model: string | undefined;
  /** The file at fault, by its name in the repository. */
  readonly file: string | undefined;
  readonly expected: unknown;
  readonly actual: unknown;

  constructor(fault: {
    code: HubErrorCode;
    message: string;
    model?: string | undefined;
    file?: string | undefined;
    expected?: unknown;
    actual?: unknown;
    cause?: unknown;
  }) {
    super(fault.code, fault.message, fault.cause === undefined ? {} : { cause: fault.cause });
    this.model = fault.model;
    this.file = fault.file;
    this.expected = fault.expected;
    this.actual = fault.actual;
  }
}

/** A name as it may appear in a message: quoted, and cut short, since a hostile one may be very long. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 117)}...` : name);
}
