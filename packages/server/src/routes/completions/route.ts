import { samplingOfChoice } from "../../generation/sampling-options.ts";
import { type ChoiceEvent, startGeneration } from "../../generation/start-generation.ts";
import type { ServerSentEvent } from "../../http/event-stream.ts";
import { readJson } from "../../http/read-json.ts";
import { sendEvents } from "../../http/send-events.ts";
import type { ServedModel, ServedUsage } from "../../model/served-model.ts";
import { type App, findModel, type ServerContext } from "../../server-context.ts";
import { usageBody } from "../chat-completions/response-words.ts";
import { requireChoices } from "../require-choices.ts";
import { ChoiceWriter } from "./choice-writer.ts";
import { type CompletionsRequest, readCompletions } from "./request.ts";

/** `POST /v1/completions` */
export function completionsRoute(app: App, context: ServerContext): void {
  const { options } = context;
  app.post("/v1/completions", async (c) => {
    const exchange = c.get("exchange");
    const request = readCompletions(await readJson(c.req.raw, options));
    const model = findModel(context, request.model);
    const { prompts, text, choicesPerPrompt } = request;
    requireChoices(prompts.length * choicesPerPrompt, options);
    const counts = { prompts: prompts.length, choicesPerPrompt };
    const events = startGeneration(context, exchange, model, counts, ({ prompt, firstChoice, n, signal }) => {
      const sampling = samplingOfChoice(text.sampling, firstChoice);
      return model.complete({ ...text, prompt: prompts[prompt]!, sampling, n, signal });
    });
    const head = {
      id: `cmpl-${exchange.id}`,
      object: "text_completion",
      created: Math.floor(Date.now() / 1000),
      model: model.id,
    };
    const completion = new Completion(request, model);
    if (request.stream) return sendEvents(context, exchange, completion.chunks(head, events));
    return Response.json(await completion.whole(head, events));
  });
}

class Completion {
  readonly #request: CompletionsRequest;
  readonly #echoes: readonly string[];
  readonly #writers: readonly ChoiceWriter[];
  readonly #usages: ServedUsage[] = [];

  constructor(request: CompletionsRequest, model: ServedModel) {
    const { prompts, choicesPerPrompt, echo, logprobs } = request;
    const textOf = (prompt: string | readonly number[]) =>
      typeof prompt === "string" ? prompt : (model.text?.decode(prompt) ?? "");
    this.#request = request;
    this.#echoes = prompts.flatMap((prompt) =>
      new Array<string>(choicesPerPrompt).fill(echo ? textOf(prompt) : ""),
    );
    this.#writers = this.#echoes.map((text, index) => new ChoiceWriter(index, logprobs, text));
  }

  async whole(head: object, events: AsyncIterable<ChoiceEvent>): Promise<object> {
    const texts = [...this.#echoes];
    const choices: object[] = [];
    for await (const { choice, event } of events) {
      this.#writers[choice]!.see(event);
      if (event.type === "text-delta") texts[choice] += event.text;
      if (event.type !== "finish") continue;
      this.#usages[choice] = event.usage;
      choices[choice] = this.#writers[choice]!.piece(texts[choice]!, event);
    }
    return { ...head, choices, usage: this.#usage() };
  }

  async *chunks(
    head: object,
    events: AsyncIterable<ChoiceEvent>,
  ): AsyncGenerator<ServerSentEvent, void, undefined> {
    const { includeUsage, echo } = this.#request;
    const chunk = (choices: readonly object[], usage: object | null = null): ServerSentEvent => ({
      data: { ...head, choices, ...(includeUsage && { usage }) },
    });
    if (echo) yield chunk(this.#writers.map((writer, index) => writer.piece(this.#echoes[index]!)));
    for await (const { choice, event } of events) {
      const writer = this.#writers[choice]!;
      writer.see(event);
      if (event.type === "text-delta") yield chunk([writer.piece(event.text)]);
      if (event.type !== "finish") continue;
      this.#usages[choice] = event.usage;
      yield chunk([writer.piece("", event)]);
    }
    if (includeUsage) yield chunk([], this.#usage());
    yield { data: "[DONE]" };
  }

  #usage(): object {
    return usageBody(this.#usages, this.#request.choicesPerPrompt);
  }
}
