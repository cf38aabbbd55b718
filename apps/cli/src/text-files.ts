import type { ChatTemplate } from "@krait/chat-template";
import type { Tokenizer } from "@krait/tokenizer";
import { openTextFiles } from "krait";
import { InputError } from "./errors.ts";
import { openFolder } from "./open-folder.ts";
import type { SharedFlags } from "./shared-flags.ts";

/** The text side of the model that `--model` names, which needs no weights, or of the embedded model. */
export async function openText(
  flags: SharedFlags,
): Promise<{ readonly tokenizer: Tokenizer; readonly template: ChatTemplate }> {
  const folder = await openFolder(flags.model, flags);
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
