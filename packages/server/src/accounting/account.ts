import type { Exchange } from "../exchange.ts";
import type { ServedEvent, ServedModel, ServedUsage } from "../model/served-model.ts";
import type { ServerContext } from "../server-context.ts";
import { costOf, type LedgerEntry } from "./ledger.ts";
import { addTo } from "./server-metrics.ts";

const nothing: ServedUsage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };

/** Counts one answer of a model. */
class ChoiceAccount {
  readonly #context: ServerContext;
  readonly #model: string;
  readonly #started = performance.now();
  #isRunning = false;
  #lastToken: number | undefined;
  usage: ServedUsage = nothing;
  isOpen = true;

  constructor(context: ServerContext, model: string) {
    this.#context = context;
    this.#model = model;
    addTo(context.metrics.queued, model, 1);
  }

  see(event: ServedEvent): void {
    if (!this.#isRunning) this.#begin();
    if (event.type === "prefill") this.usage = { ...this.usage, promptTokens: event.totalTokens };
    if (event.type === "finish") this.usage = event.usage;
    if (event.type !== "token") return;
    const { metrics } = this.#context;
    const now = performance.now();
    const labels = { model: this.#model };
    if (this.#lastToken === undefined) metrics.firstToken.observe((now - this.#started) / 1000, labels);
    else metrics.interToken.observe((now - this.#lastToken) / 1000, labels);
    this.#lastToken = now;
    this.usage = {
      ...this.usage,
      completionTokens: this.usage.completionTokens + 1,
      reasoningTokens: this.usage.reasoningTokens + (event.reasoning ? 1 : 0),
    };
  }

  end(outcome: LedgerEntry["outcome"]): void {
    const { metrics } = this.#context;
    const labels = { model: this.#model };
    addTo(this.#isRunning ? metrics.running : metrics.queued, this.#model, -1);
    this.isOpen = false;
    metrics.generations.add(1, { ...labels, outcome });
    metrics.completionTokens.add(this.usage.completionTokens, labels);
    metrics.reasoningTokens.add(this.usage.reasoningTokens, labels);
    metrics.duration.observe((performance.now() - this.#started) / 1000, labels);
  }

  #begin(): void {
    this.#isRunning = true;
    addTo(this.#context.metrics.queued, this.#model, -1);
    addTo(this.#context.metrics.running, this.#model, 1);
  }
}

/**
 * The same events, counted: in the metrics, against the client's limits, and in the ledger. What was
 * generated counts however it ended. The choices of one request are one entry, and share their prompt.
 */
export class Account {
  readonly #context: ServerContext;
  readonly #exchange: Exchange;
  readonly #model: ServedModel;
  readonly #choicesPerPrompt: number;
  readonly #choices: ChoiceAccount[] = [];
  #open = 0;
  #outcome: LedgerEntry["outcome"] = "done";

  constructor(context: ServerContext, exchange: Exchange, model: ServedModel, choicesPerPrompt: number) {
    this.#context = context;
    this.#exchange = exchange;
    this.#model = model;
    this.#choicesPerPrompt = choicesPerPrompt;
  }

  /** Follows so many more choices. All are added before the first is read. */
  follow(stream: AsyncIterable<ServedEvent>, n: number): AsyncGenerator<ServedEvent, void, undefined> {
    const choices = Array.from({ length: n }, () => new ChoiceAccount(this.#context, this.#model.id));
    this.#choices.push(...choices);
    this.#open += n;
    return this.#follow(stream, choices);
  }

  async *#follow(
    stream: AsyncIterable<ServedEvent>,
    choices: readonly ChoiceAccount[],
  ): AsyncGenerator<ServedEvent, void, undefined> {
    let outcome: LedgerEntry["outcome"] = "cancelled";
    try {
      for await (const event of stream) {
        const told = event.choice === undefined ? choices : [choices[event.choice]!];
        for (const choice of told) {
          choice.see(event);
          // Whoever has the last event need not ask whether there is another.
          if (event.type === "finish") this.#end(choice, "done");
        }
        yield event;
      }
    } catch (error) {
      outcome = this.#exchange.signal.aborted ? "cancelled" : "failed";
      throw error;
    } finally {
      for (const choice of choices) if (choice.isOpen) this.#end(choice, outcome);
    }
  }

  #end(choice: ChoiceAccount, outcome: LedgerEntry["outcome"]): void {
    choice.end(outcome);
    if (outcome !== "done" && this.#outcome !== "failed") this.#outcome = outcome;
    if (--this.#open > 0) return;
    const { ledger, options, metrics } = this.#context;
    const { id, client, endpoint } = this.#exchange;
    const usage = totalUsage(
      this.#choices.map((each) => each.usage),
      this.#choicesPerPrompt,
    );
    const labels = { model: this.#model.id };
    metrics.promptTokens.add(usage.promptTokens, labels);
    metrics.cachedTokens.add(usage.cachedTokens, labels);
    metrics.cacheHits.add(usage.cachedTokens > 0 ? 1 : 0, labels);
    const now = Date.now();
    client?.allowance.spend(usage.promptTokens + usage.completionTokens, now);
    ledger?.record({
      ...{ id, time: now, key: client?.key.name ?? "", model: this.#model.id, endpoint },
      ...usage,
      cost: costOf(options.prices[this.#model.id] ?? { input: 0, output: 0 }, usage),
      outcome: this.#outcome,
    });
  }
}

/**
 * What the choices of a request used together. Those of one prompt read it once, and what of it was cached
 * is what the first one found.
 */
export function totalUsage(usages: readonly ServedUsage[], choicesPerPrompt: number): ServedUsage {
  const total = { ...nothing } as { -readonly [Field in keyof ServedUsage]: number };
  for (const [index, usage] of usages.entries()) {
    total.completionTokens += usage.completionTokens;
    total.reasoningTokens += usage.reasoningTokens;
    if (index % choicesPerPrompt !== 0) continue;
    const siblings = usages.slice(index, index + choicesPerPrompt);
    total.promptTokens += Math.max(...siblings.map(({ promptTokens }) => promptTokens));
    total.cachedTokens += usage.cachedTokens;
  }
  return total;
}
