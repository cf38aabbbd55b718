import type { TensorSpec, WeightSource } from "@krait/tensor";
import type { GgufKey } from "./gguf/value-types.ts";

/** A checkpoint: one file, or all shards of one. Only headers have been read. */
export interface WeightFile extends AsyncDisposable {
  readonly format: "safetensors" | "gguf";
  /**
   * `__metadata__` of a single safetensors file, or `metadata` of the index of shards; all keys of a GGUF
   * file ({@link GgufValue}), such as `tokenizer.ggml.tokens`. Not to be trusted.
   */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The metadata of a GGUF file in order and with their types, to be written again; empty for safetensors. */
  readonly keys: readonly GgufKey[];
  /** In the order of their bytes, shard by shard. Shapes are row-major: those of GGUF are turned around. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /**
   * A tensor for a backend to load; see {@link WeightFile.read} for its pieces.
   *
   * @throws {WeightError} `WEIGHT_TENSOR_MISSING`, or `WEIGHT_DTYPE_UNSUPPORTED` when it has no `spec`.
   */
  source(name: string): WeightSource;
  /**
   * A tensor's bytes as stored, of any dtype, in pieces of whole rows (runs along the last dimension) of
   * about 8 MiB. A piece is valid until the next is asked for.
   *
   * @throws {WeightError} `WEIGHT_TENSOR_MISSING` at once; others while reading. When `signal` is
   *   aborted, its reason.
   */
  read(name: string, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** A whole tensor's bytes as stored, of any dtype. For small tensors: it is held in memory. */
  bytes(name: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** Ends all reads, which fail with `WEIGHT_CLOSED`, as later ones do. */
  close(): Promise<void>;
}

/** Where a tensor lies, and what its bytes mean. */
export interface StoredTensor {
  /** As the file spells it: `"BF16"`, `"I64"`, or the name of the ggml type: `"Q4_K"`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Undefined for a dtype that Krait has no format for, such as `"F64"`, `"I64"`, `"F8_E4M3"` or `"IQ2_XS"`. */
  readonly spec: TensorSpec | undefined;
  /** Path, URL without its query, or name of the file that holds it. */
  readonly file: string;
  /** From the start of that file. */
  readonly byteOffset: number;
  readonly byteLength: number;
}
