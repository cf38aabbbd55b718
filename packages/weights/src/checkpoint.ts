import type { WeightSource } from "@krait/tensor";
import type { GgufKey } from "./gguf/value-types.ts";
import { pieceByteLength } from "./piece.ts";
import { type ByteSource, readRange } from "./storage/byte-source.ts";
import { quote, WeightError } from "./weight-error.ts";
import type { StoredTensor, WeightFile } from "./weight-file.ts";

/** A tensor and the bytes of its file. */
export interface CheckpointTensor {
  readonly tensor: StoredTensor;
  readonly source: ByteSource;
}

/** What makes a {@link Checkpoint}. */
export interface CheckpointParts {
  readonly format: WeightFile["format"];
  /** Path, URL without its query, or name: what errors call it. */
  readonly location: string;
  readonly metadata: WeightFile["metadata"];
  readonly keys?: readonly GgufKey[];
  /** In the order in which they are listed. */
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  /** What dtypes of this file format have a format, for errors. */
  readonly loadableDTypes: readonly string[];
}

/** Tensors of one or several files as one {@link WeightFile}. */
export class Checkpoint implements WeightFile {
  readonly format: WeightFile["format"];
  readonly metadata: WeightFile["metadata"];
  readonly keys: readonly GgufKey[];
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly #location: string;
  readonly #loadableDTypes: readonly string[];
  readonly #sources: ReadonlyMap<string, ByteSource>;
  readonly #closing: AbortController = new AbortController();

  constructor({ format, location, metadata, keys = [], tensors, loadableDTypes }: CheckpointParts) {
    this.format = format;
    this.metadata = metadata;
    this.keys = keys;
    this.tensors = new Map([...tensors].map(([name, { tensor }]) => [name, tensor]));
    this.#location = location;
    this.#loadableDTypes = loadableDTypes;
    this.#sources = new Map([...tensors].map(([name, { source }]) => [name, source]));
  }

  source(name: string): WeightSource {
    const { tensor, source } = this.#find(name);
    if (tensor.spec === undefined) throw withoutFormat(name, tensor, this.#loadableDTypes);
    return {
      ...(source.path === undefined ? {} : { file: { path: source.path, byteOffset: tensor.byteOffset } }),
      byteLength: tensor.byteLength,
      pieces: (signal) => this.read(name, signal),
    };
  }

  read(name: string, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const { tensor, source } = this.#find(name);
    return source.pieces(rangeOf(tensor), pieceByteLength(tensor), this.#until(signal));
  }

  async bytes(name: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const { tensor, source } = this.#find(name);
    return await readRange(source, rangeOf(tensor), this.#until(signal));
  }

  async close(): Promise<void> {
    this.#closing.abort(
      new WeightError({
        code: "WEIGHT_CLOSED",
        message: `${this.#location} has been closed. Open it again.`,
        file: this.#location,
      }),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #find(name: string): CheckpointTensor {
    const tensor = this.tensors.get(name);
    const source = this.#sources.get(name);
    if (tensor && source) return { tensor, source };
    throw new WeightError({
      code: "WEIGHT_TENSOR_MISSING",
      message: `There is no tensor ${quote(name)} among the ${this.tensors.size} of ${this.#location}.`,
      file: this.#location,
      tensor: name,
    });
  }

  /** Aborted by the reader or by `close`. */
  #until(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
  }
}

function rangeOf({ byteOffset, byteLength }: StoredTensor): { start: number; end: number } {
  return { start: byteOffset, end: byteOffset + byteLength };
}

function withoutFormat(
  name: string,
  { file, dtype }: StoredTensor,
  expected: readonly string[],
): WeightError {
  return new WeightError({
    code: "WEIGHT_DTYPE_UNSUPPORTED",
    message:
      `Tensor ${quote(name)} of ${file} has dtype ${dtype}, which no backend loads. ` +
      `Convert it to one of ${expected.join(", ")}.`,
    file,
    tensor: name,
    expected,
    actual: dtype,
  });
}
