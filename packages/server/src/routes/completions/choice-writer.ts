import type { ServedEvent, TokenLikelihood } from "../../model/served-model.ts";
import { finishReason } from "../chat-completions/response-words.ts";

/** A token with the likeliest in its place; the first of a prompt has no probability. */
export type WrittenToken =
  | TokenLikelihood
  | {
      readonly chosen: { readonly text: string; readonly bytes: Uint8Array; readonly logprob?: undefined };
      readonly top: readonly never[];
    };

/** Writes one continued text, in pieces or as a whole. */
export class ChoiceWriter {
  readonly #index: number;
  readonly #withLogprobs: boolean;
  #tokens: WrittenToken[] = [];
  /** Joins the bytes of tokens that are parts of a character. */
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** In code points, where the next character begins, or the one of which the last token is a part. */
  #offset = 0;

  constructor(index: number, withLogprobs: boolean) {
    this.#index = index;
    this.#withLogprobs = withLogprobs;
  }

  /** The prompt's tokens, which stand before those of the text. */
  echo(tokens: readonly WrittenToken[]): void {
    this.#tokens.push(...tokens);
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
      token_logprobs: tokens.map(({ chosen }) =>
        chosen.logprob === undefined ? null : shown(chosen.logprob),
      ),
      top_logprobs: tokens.map(({ chosen, top }) =>
        chosen.logprob === undefined
          ? null
          : Object.fromEntries(top.map(({ text, logprob }) => [text, shown(logprob)])),
      ),
      text_offset: tokens.map(({ chosen }) => {
        const offset = this.#offset;
        this.#offset += [...this.#decoder.decode(chosen.bytes, { stream: true })].length;
        return offset;
      }),
    };
  }
}

/** JSON has no −∞; OpenAI's API says −9999 for what is out of reach. */
function shown(logprob: number): number {
  return Math.max(-9999, logprob);
}
