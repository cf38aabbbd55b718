import { createEngine } from "@krait/engine";
import { architectureOf, type LoadOptions, loadModel as loadWeights, type ModelConfig } from "@krait/models";
import type { Backend } from "@krait/tensor";
import { modelUrl } from "@krait/tiny-model";
import { type ModelLocation, type OpenOptions, openModelFolder } from "@krait/weights";
import { type ChatModel, createChatModel } from "./chat-model.ts";
import { chooseBackend } from "./choose-backend.ts";
import { ModelError } from "./errors.ts";
import { readGenerationConfig } from "./generation-config.ts";
import { readTextFiles } from "./text-files.ts";

export interface LoadModelOptions extends LoadOptions, Pick<OpenOptions, "fetch"> {
  /** A backend, or the name of one; "auto", the best that runs here, unless given. */
  readonly backend?: Backend | string | undefined;
}

/**
 * Loads a model in the Hugging Face layout: `config.json`, safetensors, tokenizer files.
 *
 * @param location - a folder's path or URL, a weight file in it, or blobs; the embedded tiny model when
 *   absent.
 * @returns the model; dispose of it to free its memory. A backend that was passed in stays the caller's.
 * @throws errors of the packages below, each with a `code`; when `signal` is aborted, its reason. Then
 *   everything loaded so far is freed.
 */
export async function loadModel(
  location: ModelLocation = modelUrl,
  options: LoadModelOptions = {},
): Promise<ChatModel> {
  const { backend: choice = "auto", fetch, signal } = options;
  const folder = await openModelFolder(location, { ...(fetch && { fetch }), ...(signal && { signal }) });
  const config = await folder.json("config.json", { required: true, signal });
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new ModelError("MODEL_FILE_INVALID", `config.json of ${folder.location} should be a JSON object.`, {
      file: "config.json",
    });
  }
  const architecture = architectureOf(config as ModelConfig);
  const generation = await folder.json("generation_config.json", { signal });
  const defaults = readGenerationConfig(generation, config as ModelConfig);
  const text = await readTextFiles(folder, signal);

  const owned = typeof choice === "string";
  const backend = owned ? await chooseBackend(choice) : choice;
  try {
    await using file = await folder.weights(signal);
    const model = await loadWeights(architecture, file, backend, options);
    const engine = createEngine(model, backend, {
      tokenizer: text.tokenizer,
      endTokens: defaults.endTokens,
    });
    return createChatModel({
      name: folder.location,
      model,
      engine,
      backend,
      text,
      defaults,
      async dispose() {
        await engine.dispose();
        model[Symbol.dispose]();
        if (owned) await backend[Symbol.asyncDispose]();
      },
    });
  } catch (error) {
    if (owned) await backend[Symbol.asyncDispose]();
    throw error;
  }
}
