import { type ChatTemplate, createChatTemplate } from "@krait/chat-template";
import { createTokenizer, type Tokenizer } from "@krait/tokenizer";
import { type ModelFolder, WeightError } from "@krait/weights";
import { readTextSources, type TextSources, textSourcesOfGguf } from "./text-sources.ts";

/** The text side of a model: its tokenizer and chat template, as far as the files have them. */
export interface TextFiles {
  readonly tokenizer: Tokenizer | undefined;
  readonly template: ChatTemplate | undefined;
}

/**
 * Reads the tokenizer and the chat template of a model whose weights are of no interest: of a GGUF file, or
 * of a folder that may hold tokenizer files alone.
 *
 * @throws {ModelError} `MODEL_FILE_INVALID`, and the errors of the tokenizer and the template;
 *   {@link WeightError} when a GGUF file is damaged.
 */
export async function openTextFiles(folder: ModelFolder, signal?: AbortSignal): Promise<TextFiles> {
  let failure: unknown;
  const file = await folder.weights(signal).catch((error) => {
    if (!(error instanceof WeightError)) throw error;
    if (error.code !== "WEIGHT_FILE_MISSING") failure = error;
    return undefined;
  });
  await using _ = file;
  if (file?.format === "gguf") return createText(textSourcesOfGguf(file.metadata));
  const text = createText(await readTextSources(folder, signal));
  // Only when there is no text either do the weights say what is wrong: the file may be a damaged GGUF.
  if (text.tokenizer === undefined && failure !== undefined) throw failure;
  return text;
}

/** @throws the errors of the tokenizer and the template. */
export function createText({ tokenizer: files, template }: TextSources): TextFiles {
  const tokenizer = files && createTokenizer(files);
  const specialTokens = tokenizer?.specialTokens.keys() ?? [];
  return {
    tokenizer,
    template: template === undefined ? undefined : createChatTemplate(template, { specialTokens }),
  };
}
