import type { AnsweredToken } from "../../generation/answer.ts";
import type { ServedEvent } from "../../model/served-model.ts";
import { finishReason } from "../chat-completions/response-words.ts";

/** Writes one continued text, in pieces or as a whole. */
export class ChoiceWriter {
  readonly #index: number;
  readonly #withLogprobs: boolean;
  #tokens: AnsweredToken[] = [];
  /** Where the next token's text begins. */
  #offset: number;

  /** @param echo - put before the text. */
  constructor(index: number, withLogprobs: boolean, echo: string) {
    this.#index = index;
    this.#withLogprobs = withLogprobs;
    this.#offset = echo.length;
  }

  see(event: ServedEvent): void {
    if (event.type !== "token" || event.chosen === undefined) return;
    this.#tokens.push({ chosen: event.chosen, top: event.top ?? [] });
  }

  piece(text: string, finish?: Extract<ServedEvent, { type: "finish" }>): object {
    return {
      index: this.#index,
      text,
      logprobs: this.#withLogprobs ? this.#takeLogprobs() : null,
      finish_reason: finish === undefined ? null : finishReason(finish.finishReason),
      ...(finish?.stop !== undefined && { stop_reason: finish.stop }),
    };
  }

  #takeLogprobs(): object {
    const tokens = this.#tokens;
    this.#tokens = [];
    return {
      tokens: tokens.map(({ chosen }) => chosen.text),
      token_logprobs: tokens.map(({ chosen }) => chosen.logprob),
      top_logprobs: tokens.map(({ top }) =>
        Object.fromEntries(top.map(({ text, logprob }) => [text, logprob])),
      ),
      text_offset: tokens.map(({ chosen }) => {
        const offset = this.#offset;
        this.#offset += chosen.text.length;
        return offset;
      }),
    };
  }
}
