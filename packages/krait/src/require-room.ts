import { EngineError } from "@krait/engine";
import type { Tokenizer } from "@krait/tokenizer";

/** Texts of fewer characters for each token of the context are not looked at: they may well fit. */
const USUAL_CHARACTERS = 8;
/** Nor are texts of so few in all: they are soon encoded, and then counted exactly. */
const PART_CHARACTERS = 1 << 16;

/**
 * Refuses a conversation of more messages than the context has tokens before it is rendered: each takes a token at
 * least, and a template takes many seconds for a hundred thousand.
 *
 * @throws {EngineError} `CONTEXT_EXCEEDED`.
 */
export function requireRoomForMessages(messages: readonly unknown[], maxContext: number): void {
  // What is no list at all is the template's to refuse.
  if (!Array.isArray(messages) || messages.length <= maxContext) return;
  throw new EngineError(
    "CONTEXT_EXCEEDED",
    `The conversation has ${messages.length} messages, but the context holds ${maxContext} tokens, the answer included. ` +
      "Leave out or summarize what was said first, or load the model with a larger maxContext.",
    { promptTokens: messages.length, maxContext },
  );
}

/**
 * Refuses a prompt that is far longer than the context before all of it is encoded: of the largest prompts that a
 * server lets in that takes many seconds, in which nobody else's answer goes on.
 *
 * Where a text is cut into parts a token more may come of it, so twice what the context holds is too much for
 * certain. What is less is encoded as it is, and counted exactly.
 *
 * @throws {EngineError} `CONTEXT_EXCEEDED`.
 */
export function requireRoom(tokenizer: Tokenizer, texts: readonly string[], maxContext: number): void {
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  if (characters <= Math.max(USUAL_CHARACTERS * maxContext, PART_CHARACTERS)) return;
  let tokens = 0;
  for (const text of texts) {
    for (let at = 0; at < text.length; at += PART_CHARACTERS) {
      tokens += tokenizer.encode(text.slice(at, at + PART_CHARACTERS)).length;
      if (tokens <= 2 * maxContext) continue;
      throw new EngineError(
        "CONTEXT_EXCEEDED",
        `The prompt has more than ${2 * maxContext} tokens, but the context holds ${maxContext}, the answer ` +
          "included. Shorten the prompt, or load the model with a larger maxContext.",
        { promptTokens: tokens, maxContext },
      );
    }
  }
}
