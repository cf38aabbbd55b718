import { parseConfigJson } from "./json/config-json.ts";
import { openCheckpoint } from "./open-checkpoint.ts";
import { locate, type ModelLocation } from "./storage/locate.ts";
import { WeightError } from "./weight-error.ts";
import type { WeightFile } from "./weight-file.ts";

export interface OpenOptions {
  /** Replaces the global `fetch`: to add headers, retry, cache or count. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Of a server, failures in a row after which to give up; 4 unless given. One that brings a fair part is none. */
  readonly retries?: number | undefined;
  /** Milliseconds before the first repetition, doubled for each after it; 200 unless given. */
  readonly retryDelay?: number | undefined;
  /** Ends the opening. What has been opened takes its own signals. */
  readonly signal?: AbortSignal | undefined;
}

export interface ReadOptions {
  /** A missing file is then an error instead of undefined. */
  readonly required?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The files of a model in the Hugging Face layout, or a GGUF file and its neighbours, wherever they lie. */
export interface ModelFolder {
  /** Path, URL without its query, or a description. */
  readonly location: string;
  /**
   * A text file such as `tokenizer.json`; undefined when there is none.
   *
   * @throws {WeightError} `WEIGHT_FILE_MISSING` when it is required, `WEIGHT_FILE_INVALID` when it is not UTF-8.
   */
  text(name: string, options: ReadOptions & { readonly required: true }): Promise<string>;
  text(name: string, options?: ReadOptions): Promise<string | undefined>;
  /**
   * A file such as `config.json`, with the numbers that JSON lacks ({@link parseConfigJson}); undefined
   * when there is none.
   *
   * @throws {WeightError} as `text` does, and `WEIGHT_FILE_INVALID` when it is not JSON.
   */
  json(name: string, options?: ReadOptions): Promise<unknown>;
  /** Opens the checkpoint: `model.safetensors`, the shards of `model.safetensors.index.json`, or the GGUF file. */
  weights(signal?: AbortSignal): Promise<WeightFile>;
}

/**
 * Finds a model's files. Of these only a path is looked at; a URL's files are fetched when they are read.
 *
 * @param location - as for {@link openWeights}. If it names a weight file, that file is the checkpoint, and
 *   the other files are those beside it.
 * @throws {WeightError} `WEIGHT_FILE_MISSING` when there is nothing at the path.
 */
export async function openModelFolder(
  location: ModelLocation,
  options: OpenOptions = {},
): Promise<ModelFolder> {
  options.signal?.throwIfAborted();
  const { fetch = globalThis.fetch, retries = 4, retryDelay = 200 } = options;
  const { files, fileName } = await locate(location, { fetch, retry: { retries, delay: retryDelay } });

  function text(name: string, options: ReadOptions & { readonly required: true }): Promise<string>;
  function text(name: string, options?: ReadOptions): Promise<string | undefined>;
  async function text(
    name: string,
    { required = false, signal }: ReadOptions = {},
  ): Promise<string | undefined> {
    signal?.throwIfAborted();
    const bytes = await files.read(name, signal);
    if (bytes !== undefined) return decode(bytes, files.nameOf(name));
    if (required) throw missing(files.nameOf(name));
    return undefined;
  }

  return {
    location: files.location,
    text,
    async json(name, options) {
      const json = await text(name, options);
      return json === undefined ? undefined : parseConfigJson(json, files.nameOf(name));
    },
    weights: (signal) => openCheckpoint(files, fileName, signal),
  };
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new WeightError({
      code: "WEIGHT_FILE_INVALID",
      message: `${file} is not UTF-8 text. Download it again.`,
      file,
      expected: "UTF-8",
      cause,
    });
  }
}

function missing(file: string): WeightError {
  return new WeightError({ code: "WEIGHT_FILE_MISSING", message: `There is no ${file}.`, file });
}
