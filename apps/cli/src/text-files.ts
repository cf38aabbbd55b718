import { type ChatTemplate, createChatTemplate } from "@krait/chat-template";
import { modelUrl } from "@krait/tiny-model";
import { createTokenizer, type Tokenizer } from "@krait/tokenizer";
import { type ModelFolder, openModelFolder } from "@krait/weights";
import { InputError } from "./errors.ts";

/** The folder that `--model` names, or that of the embedded model. */
export async function openFolder(model: string | undefined): Promise<ModelFolder> {
  return await openModelFolder(model ?? modelUrl);
}

/** The tokenizer of a folder that need hold nothing else. */
export async function readTokenizer(folder: ModelFolder): Promise<Tokenizer> {
  return createTokenizer({
    tokenizer: await folder.text("tokenizer.json", { required: true }),
    tokenizerConfig: await folder.text("tokenizer_config.json"),
    specialTokensMap: await folder.text("special_tokens_map.json"),
  });
}

/** The chat template of a folder: `chat_template.jinja`, or what stands in `tokenizer_config.json`. */
export async function readTemplate(folder: ModelFolder, tokenizer: Tokenizer): Promise<ChatTemplate> {
  const file = await folder.text("chat_template.jinja");
  const config = (await folder.json("tokenizer_config.json")) as { chat_template?: unknown } | undefined;
  const source = file ?? defaultTemplate(config?.chat_template);
  if (source === undefined) {
    throw new InputError(
      "INPUT_MISSING",
      folder.location,
      `${folder.location} has no chat template: neither chat_template.jinja nor "chat_template" in tokenizer_config.json.`,
    );
  }
  return createChatTemplate(source, { specialTokens: tokenizer.specialTokens.keys() });
}

/** A template, or the one named `default` in a list of them. */
function defaultTemplate(template: unknown): string | undefined {
  const chosen = Array.isArray(template)
    ? template.find((named) => named?.name === "default")?.template
    : template;
  return typeof chosen === "string" ? chosen : undefined;
}
