import type { ChatTemplate } from "@krait/chat-template";
import type { Tokenizer } from "@krait/tokenizer";
import { toolOfPrompt } from "krait";
import type { ServedText } from "./served-model.ts";

/** A model's tokenizer and template, for the routes that show them. */
export function servedText(tokenizer: Tokenizer, template: ChatTemplate): ServedText {
  return {
    encode: (text) => tokenizer.encode(text, { special: "parse" }),
    decode: (tokens) => tokenizer.decode(tokens),
    tokenText: (token) => tokenizer.tokenText(token),
    tokenBytes: (token) => tokenizer.tokenBytes(token),
    render({ messages, tools, reasoning, addGenerationPrompt = true }) {
      const prompt = template.render(messages, {
        ...(tools.length > 0 && { tools: tools.map(toolOfPrompt) }),
        ...(reasoning && { reasoning }),
        addGenerationPrompt,
      });
      return { text: prompt.text, tokens: tokenizer.encode(prompt.pieces) };
    },
  };
}
