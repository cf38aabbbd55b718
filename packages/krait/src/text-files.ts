import { type ChatTemplate, createChatTemplate } from "@krait/chat-template";
import { createTokenizer, type Tokenizer, type TokenizerFiles, tokenizerFilesOfGguf } from "@krait/tokenizer";
import { type ModelFolder, WeightError } from "@krait/weights";
import { ModelError } from "./errors.ts";

/** The text side of a model: its tokenizer and chat template, as far as the files have them. */
export interface TextFiles {
  readonly tokenizer: Tokenizer | undefined;
  readonly template: ChatTemplate | undefined;
}

/**
 * Reads the tokenizer and the chat template of a model's folder in the Hugging Face layout. The template
 * is `chat_template.jinja`, or stands in `tokenizer_config.json`.
 *
 * @throws {ModelError} `MODEL_FILE_INVALID`, and the errors of the tokenizer and the template.
 */
export async function readTextFiles(folder: ModelFolder, signal?: AbortSignal): Promise<TextFiles> {
  const [tokenizer, tokenizerConfig, specialTokensMap, template] = await Promise.all([
    folder.text("tokenizer.json", { signal }),
    folder.text("tokenizer_config.json", { signal }),
    folder.text("special_tokens_map.json", { signal }),
    folder.text("chat_template.jinja", { signal }),
  ]);
  const files = tokenizer === undefined ? undefined : { tokenizer, tokenizerConfig, specialTokensMap };
  return createText(files, template ?? templateOf(tokenizerConfig));
}

/**
 * Reads the tokenizer and the chat template of a model whose weights are of no interest: of a GGUF file, or
 * of a folder that may hold tokenizer files alone.
 *
 * @throws as {@link readTextFiles}; {@link WeightError} when a GGUF file is damaged.
 */
export async function openTextFiles(folder: ModelFolder, signal?: AbortSignal): Promise<TextFiles> {
  let failure: unknown;
  const file = await folder.weights(signal).catch((error) => {
    if (!(error instanceof WeightError)) throw error;
    if (error.code !== "WEIGHT_FILE_MISSING") failure = error;
    return undefined;
  });
  await using _ = file;
  if (file?.format === "gguf") return textOfGguf(file.metadata);
  const text = await readTextFiles(folder, signal);
  // Only when there is no text either do the weights say what is wrong: the file may be a damaged GGUF.
  if (text.tokenizer === undefined && failure !== undefined) throw failure;
  return text;
}

/**
 * The tokenizer and the chat template in a GGUF file's metadata.
 *
 * @throws {ModelError} `MODEL_FILE_INVALID`, and the errors of the tokenizer and the template.
 */
export function textOfGguf(metadata: Readonly<Record<string, unknown>>): TextFiles {
  const field = "tokenizer.chat_template";
  const template = metadata[field];
  if (template !== undefined && typeof template !== "string") {
    throw new ModelError("MODEL_FILE_INVALID", `The GGUF file: "${field}" should be a text.`, {
      file: "the GGUF file",
      field,
    });
  }
  return createText(tokenizerFilesOfGguf(metadata), template);
}

function createText(files: TokenizerFiles | undefined, template: string | undefined): TextFiles {
  const tokenizer = files && createTokenizer(files);
  const specialTokens = tokenizer?.specialTokens.keys() ?? [];
  return {
    tokenizer,
    template: template === undefined ? undefined : createChatTemplate(template, { specialTokens }),
  };
}

/** The template in `tokenizer_config.json`: a text, or a list of named ones of which `default` counts. */
function templateOf(tokenizerConfig: string | undefined): string | undefined {
  if (tokenizerConfig === undefined) return undefined;
  let config: { chat_template?: unknown };
  try {
    config = JSON.parse(tokenizerConfig);
  } catch (cause) {
    throw new ModelError(
      "MODEL_FILE_INVALID",
      "tokenizer_config.json is not JSON. Download it again.",
      { file: "tokenizer_config.json" },
      { cause },
    );
  }
  const template = config?.chat_template;
  if (template == null) return undefined;
  if (typeof template === "string") return template;
  const named = Array.isArray(template)
    ? template.find(({ name }) => name === "default")?.template
    : undefined;
  if (typeof named === "string") return named;
  throw new ModelError(
    "MODEL_FILE_INVALID",
    'tokenizer_config.json: "chat_template" should be a text, or a list with one named "default".',
    { file: "tokenizer_config.json", field: "chat_template" },
  );
}
