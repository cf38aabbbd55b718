import type { ChatTemplate } from "@krait/chat-template";
import { modelUrl } from "@krait/tiny-model";
import type { Tokenizer } from "@krait/tokenizer";
import { openModelFolder } from "@krait/weights";
import { openTextFiles } from "krait";
import { InputError } from "./errors.ts";

/** The text side of the model that `--model` names, which needs no weights, or of the embedded model. */
export async function openText(
  model: string | undefined,
): Promise<{ readonly tokenizer: Tokenizer; readonly template: ChatTemplate }> {
  const folder = await openModelFolder(model ?? modelUrl);
  const { tokenizer, template } = await openTextFiles(folder);
  const missing = (what: string): never => {
    throw new InputError("INPUT_MISSING", folder.location, `${folder.location} has no ${what}.`);
  };
  return {
    tokenizer: tokenizer ?? missing("tokenizer.json"),
    get template() {
      return (
        template ??
        missing('chat template: neither chat_template.jinja nor "chat_template" in tokenizer_config.json')
      );
    },
  };
}
