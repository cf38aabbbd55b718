import type { ChatTemplate, RenderedPrompt } from "@krait/chat-template";
import type { Tokenizer } from "@krait/tokenizer";
import { toolOfPrompt } from "krait";
import type { ConversationToRender, ServedText } from "./served-model.ts";

/** A model's tokenizer and template, for the routes that show them. */
export function servedText(tokenizer: Tokenizer, template: ChatTemplate): ServedText {
  const rendered = (conversation: ConversationToRender): RenderedPrompt => {
    const { messages, tools, reasoning, addGenerationPrompt = true } = conversation;
    return template.render(messages, {
      ...(tools.length > 0 && { tools: tools.map(toolOfPrompt) }),
      ...(reasoning && { reasoning }),
      addGenerationPrompt,
    });
  };
  return {
    encode: (text) => tokenizer.encode(text, { special: "parse" }),
    encodeAsync: (text, signal) => tokenizer.encodeAsync(text, { special: "parse", signal }),
    decode: (tokens) => tokenizer.decode(tokens),
    tokenText: (token) => tokenizer.tokenText(token),
    tokenBytes: (token) => tokenizer.tokenBytes(token),
    render(conversation) {
      const { text, pieces } = rendered(conversation);
      return { text, tokens: tokenizer.encode(pieces) };
    },
    async renderAsync(conversation, signal) {
      const { text, pieces } = rendered(conversation);
      return { text, tokens: await tokenizer.encodeAsync(pieces, { signal }) };
    },
  };
}
