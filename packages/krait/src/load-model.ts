import { createEngine, type EngineOptions } from "@krait/engine";
import { type LoadOptions, loadModel as loadWeights, type Model, planModel } from "@krait/models";
import type { Backend } from "@krait/tensor";
import { modelUrl } from "@krait/tiny-model";
import { type ModelFolder, type ModelLocation, WeightError, type WeightFile } from "@krait/weights";
import { type ChatModel, createChatModel } from "./chat-model.ts";
import { checkSignal, requireOption } from "./check-options.ts";
import { chooseBackend } from "./choose-backend.ts";
import { ModelError } from "./errors.ts";
import { type FindModelOptions, findModel } from "./find-model.ts";
import { readModelFiles } from "./model-files.ts";
import { createText } from "./text-files.ts";

export interface LoadModelOptions extends LoadOptions, Omit<FindModelOptions, "weights"> {
  /** A backend, or the name of one; "auto" unless given. */
  readonly backend?: Backend | string | undefined;
  /** Told which backend a name or "auto" came to, and why no faster one; then in what it keeps states. */
  readonly onBackend?: ((reason: string) => void) | undefined;
  /** How requests share the model. */
  readonly engine?:
    | Pick<
        EngineOptions,
        "lookahead" | "maxQueue" | "prefillRows" | "prefixCache" | "deterministic" | "recovery" | "onEvent"
      >
    | undefined;
}

/**
 * Loads a model: a GGUF file, or a folder in the Hugging Face layout with `config.json`, safetensors and
 * tokenizer files. One that is on the hub is downloaded first, unless the cache has it.
 *
 * @param location - a GGUF file's path or URL (any part of a split one), a folder's, a safetensors file in
 *   it, or blobs; a name on the Hugging Face hub, `org/model` or `org/model:Q4_0`, if it is no path here;
 *   the embedded tiny model when absent.
 * @returns the model; dispose of it to free its memory. A backend that was passed in stays the caller's.
 * @throws errors of the packages below, each with a `code`; when `signal` is aborted, its reason. Then
 *   everything loaded so far is freed.
 */
export async function loadModel(
  location: ModelLocation = modelUrl,
  options: LoadModelOptions = {},
): Promise<ChatModel> {
  const { backend: choice = "auto", signal } = options;
  checkSignal(signal);
  const isBackend = typeof choice === "string" || typeof choice?.compile === "function";
  requireOption("backend", choice, "a Backend or the name of one", () => isBackend);
  const { folder, weights } = await openModel(location, options);
  await using file = weights;
  const { architecture, defaults, text: sources } = await readModelFiles(folder, file, signal);
  const text = createText(sources);
  const tokens = text.tokenizer?.vocabularySize ?? 0;
  if (tokens > architecture.vocabularySize) {
    throw new ModelError(
      "MODEL_FILE_INVALID",
      `The tokenizer has ${tokens} tokens, but the model only ${architecture.vocabularySize}. Check that both are of one model.`,
      { file: "tokenizer.json", expected: architecture.vocabularySize, actual: tokens },
    );
  }

  const open = async (weights: WeightFile, loading: LoadOptions): Promise<Loaded> => {
    const owned = typeof choice === "string";
    const backend = owned
      ? await chooseBackend(choice, {
          admit: (each) => planModel(architecture, weights, each, options),
          onChoice: options.onBackend,
        })
      : choice;
    let model: Model | undefined;
    let isReleased = false;
    const release = async (): Promise<void> => {
      if (isReleased) return;
      isReleased = true;
      try {
        model?.[Symbol.dispose]();
      } finally {
        if (owned) await backend[Symbol.asyncDispose]();
      }
    };
    try {
      model = await loadWeights(architecture, weights, backend, loading);
      const { stateDtype, kvDtype } = model.sizes;
      options.onBackend?.(`Recurrent states are kept in ${stateDtype}, keys and values in ${kvDtype}.`);
      return { model, backend, release };
    } catch (error) {
      await release();
      throw error;
    }
  };
  const current = await open(file, options);
  // A backend that was passed in is not ours to make again.
  const rebuild = async (): Promise<Loaded> => {
    // What is gone may not let itself be freed.
    await current.release().catch(() => {});
    await using again = await folder.weights();
    const { onProgress, onCompile, onQuantized, signal, ...sizes } = options;
    return Object.assign(current, await open(again, sizes));
  };
  try {
    const engine = createEngine(current.model, current.backend, {
      ...options.engine,
      tokenizer: text.tokenizer,
      endTokens: defaults.endTokens,
      ...(typeof choice === "string" && { rebuild }),
    });
    return createChatModel({
      name: nameInFile(file) ?? folder.location,
      current,
      engine,
      text,
      defaults,
      async dispose() {
        await engine.dispose();
        await current.release();
      },
    });
  } catch (error) {
    await current.release();
    throw error;
  }
}

async function openModel(
  location: ModelLocation,
  options: LoadModelOptions,
): Promise<{ folder: ModelFolder; weights: WeightFile }> {
  try {
    const folder = await findModel(location, { ...options, weights: true });
    return { folder, weights: await folder.weights(options.signal) };
  } catch (error) {
    const isMissing = location === modelUrl && error instanceof WeightError;
    throw isMissing && error.code !== "WEIGHT_NODE_TOO_OLD" ? embeddedModelMissing(error) : error;
  }
}

/** Its files lie in a package, and what bundles programs may take the package's code alone. */
function embeddedModelMissing(cause: WeightError): ModelError {
  return new ModelError(
    "MODEL_FILE_MISSING",
    `The embedded model is not at ${modelUrl.href}. Bundlers leave its files behind: copy the folder ` +
      `node_modules/@krait/tiny-model/model to where this program can read it, and give loadModel its path ` +
      `or URL; in Node, @krait/tiny-model can also stay out of the bundle.`,
    { location: modelUrl.href },
    { cause },
  );
}

/** A model on a backend. */
interface Loaded {
  model: Model;
  backend: Backend;
  /** Frees the model, and the backend where it was made for it. Once; then it does nothing. */
  release(): Promise<void>;
}

/** What a GGUF file calls its model. */
function nameInFile({ metadata }: WeightFile): string | undefined {
  const name = metadata["general.name"];
  return typeof name === "string" && name !== "" ? name : undefined;
}
