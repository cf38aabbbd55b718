import type { ChoiceEvent } from "../../generation/start-generation.ts";
import type { ServerSentEvent } from "../../http/event-stream.ts";
import type { ServedEvent, ServedModel, ServedUsage } from "../../model/served-model.ts";
import { usageBody } from "../chat-completions/response-words.ts";
import { ChoiceWriter, type WrittenToken } from "./choice-writer.ts";
import type { CompletionsRequest } from "./request.ts";

/** The answer to one request: texts that go on behind its prompts. */
export class Completion {
  readonly #request: CompletionsRequest;
  /** By prompt, what is put before its texts; empty where nothing is echoed. */
  readonly #echoes: readonly string[];
  /** By prompt, its tokens, where their probabilities are told. */
  readonly #promptTokens: readonly WrittenToken[][];
  readonly #writers: readonly ChoiceWriter[];
  readonly #hasBegun: boolean[];
  readonly #usages: ServedUsage[] = [];

  constructor(request: CompletionsRequest, { text }: ServedModel) {
    const { prompts, choicesPerPrompt, echo, logprobs } = request;
    const tellsPrompt = echo && logprobs;
    this.#request = request;
    this.#echoes = prompts.map((prompt) => {
      if (!echo) return "";
      return typeof prompt === "string" ? prompt : (text?.decode(prompt) ?? "");
    });
    this.#promptTokens = prompts.map((prompt) => {
      const first = tellsPrompt && (typeof prompt === "string" ? text?.encode(prompt) : prompt)?.[0];
      if (typeof first !== "number" || text === undefined) return [];
      return [{ chosen: { text: text.tokenText(first), bytes: text.tokenBytes(first) }, top: [] }];
    });
    this.#writers = Array.from(
      { length: prompts.length * choicesPerPrompt },
      (_, index) => new ChoiceWriter(index, logprobs),
    );
    this.#hasBegun = this.#writers.map(() => false);
  }

  async whole(head: object, events: AsyncIterable<ChoiceEvent>): Promise<object> {
    const texts = this.#writers.map(() => "");
    const choices: object[] = [];
    for await (const { choice, event } of events) {
      const writer = this.#writers[choice]!;
      texts[choice] += this.#echo(choice, event);
      writer.see(event);
      if (event.type === "text-delta") texts[choice] += event.text;
      if (event.type !== "finish") continue;
      this.#usages[choice] = event.usage;
      choices[choice] = writer.piece(texts[choice]!, event);
    }
    return { ...head, choices, usage: this.#usage() };
  }

  async *chunks(
    head: object,
    events: AsyncIterable<ChoiceEvent>,
  ): AsyncGenerator<ServerSentEvent, void, undefined> {
    const { includeUsage } = this.#request;
    const chunk = (choices: readonly object[], usage: object | null = null): ServerSentEvent => ({
      data: { ...head, choices, ...(includeUsage && { usage }) },
    });
    for await (const { choice, event } of events) {
      const writer = this.#writers[choice]!;
      const echo = this.#echo(choice, event);
      if (echo !== "") yield chunk([writer.piece(echo)]);
      writer.see(event);
      if (event.type === "text-delta") yield chunk([writer.piece(event.text)]);
      if (event.type !== "finish") continue;
      this.#usages[choice] = event.usage;
      yield chunk([writer.piece("", event)]);
    }
    if (includeUsage) yield chunk([], this.#usage());
    yield { data: "[DONE]" };
  }

  /** What comes before the choice's first token: then all of the prompt is known. */
  #echo(choice: number, event: ServedEvent): string {
    const prompt = Math.floor(choice / this.#request.choicesPerPrompt);
    if (event.type === "prompt-logprobs") this.#seePrompt(prompt, event);
    if (this.#hasBegun[choice] || event.type === "prefill" || event.type === "prompt-logprobs") return "";
    this.#hasBegun[choice] = true;
    this.#writers[choice]!.echo(this.#promptTokens[prompt]!);
    return this.#echoes[prompt]!;
  }

  /** Several parts of one prompt's answers may each tell of it. */
  #seePrompt(prompt: number, { position, tokens }: ServedEvent & { type: "prompt-logprobs" }): void {
    const known = this.#promptTokens[prompt]!;
    if (position === known.length) known.push(...tokens);
  }

  #usage(): object {
    return usageBody(this.#usages, this.#request.choicesPerPrompt);
  }
}
