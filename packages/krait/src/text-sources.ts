import { type TokenizerFiles, tokenizerFilesOfGguf } from "@krait/tokenizer";
import type { ModelFolder } from "@krait/weights";
import { ModelError } from "./errors.ts";

/** What a model's files say about text, as far as they do: the files of a tokenizer, and a template's source. */
export interface TextSources {
  readonly tokenizer: TokenizerFiles | undefined;
  readonly template: string | undefined;
}

/**
 * Reads the text side of a folder in the Hugging Face layout. The template is `chat_template.jinja`, or stands
 * in `tokenizer_config.json`.
 *
 * @throws {ModelError} `MODEL_FILE_INVALID`.
 */
export async function readTextSources(folder: ModelFolder, signal?: AbortSignal): Promise<TextSources> {
  const [tokenizer, tokenizerConfig, specialTokensMap, template] = await Promise.all([
    folder.text("tokenizer.json", { signal }),
    folder.text("tokenizer_config.json", { signal }),
    folder.text("special_tokens_map.json", { signal }),
    folder.text("chat_template.jinja", { signal }),
  ]);
  return {
    tokenizer: tokenizer === undefined ? undefined : { tokenizer, tokenizerConfig, specialTokensMap },
    template: template ?? templateOf(tokenizerConfig),
  };
}

/**
 * The text side of a GGUF file, in its metadata.
 *
 * @throws {ModelError} `MODEL_FILE_INVALID`, and the errors of the tokenizer.
 */
export function textSourcesOfGguf(metadata: Readonly<Record<string, unknown>>): TextSources {
  const field = "tokenizer.chat_template";
  const template = metadata[field];
  if (template !== undefined && typeof template !== "string") {
    throw new ModelError("MODEL_FILE_INVALID", `The GGUF file: "${field}" should be a text.`, {
      file: "the GGUF file",
      field,
    });
  }
  return { tokenizer: tokenizerFilesOfGguf(metadata), template };
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
