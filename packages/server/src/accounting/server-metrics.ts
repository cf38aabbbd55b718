import type { ServedModel, ServedState } from "../model/served-model.ts";
import type { Ledger } from "./ledger.ts";
import { statMetric } from "./model-stats.ts";
import { Counter, expose, Histogram, type Labels, type Metric, Reading } from "./prometheus.ts";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

const states: readonly ServedState[] = ["ready", "recovering", "lost"];

/** What `/metrics` shows. */
export class ServerMetrics {
  readonly requests: Counter = new Counter(
    "krait_http_requests_total",
    "HTTP requests that were answered, by path and status.",
  );
  readonly generations: Counter = new Counter(
    "krait_generations_total",
    "Generations that ended, by outcome.",
  );
  readonly promptTokens: Counter = new Counter("krait_prompt_tokens_total", "Tokens of prompts.");
  readonly cachedTokens: Counter = new Counter(
    "krait_cached_tokens_total",
    "Tokens of prompts that had been computed before.",
  );
  readonly cacheHits: Counter = new Counter(
    "krait_cache_hits_total",
    "Requests whose prompts began with one computed before.",
  );
  readonly completionTokens: Counter = new Counter("krait_completion_tokens_total", "Generated tokens.");
  readonly reasoningTokens: Counter = new Counter(
    "krait_reasoning_tokens_total",
    "Generated tokens of reasoning.",
  );
  readonly firstToken: Histogram = new Histogram(
    "krait_time_to_first_token_seconds",
    "Seconds from the request to its first token.",
    SECONDS,
  );
  readonly interToken: Histogram = new Histogram(
    "krait_inter_token_seconds",
    "Seconds from one token to the next of the same answer.",
    SECONDS,
  );
  readonly duration: Histogram = new Histogram(
    "krait_generation_seconds",
    "Seconds from the request to the end of its answer.",
    SECONDS,
  );
  /** Generations that have not begun, and those that have, by model. */
  readonly queued: Map<string, number> = new Map();
  readonly running: Map<string, number> = new Map();
  readonly #models: readonly ServedModel[];
  readonly #ledger: Ledger | undefined;

  constructor(models: readonly ServedModel[], ledger: Ledger | undefined) {
    this.#models = models;
    this.#ledger = ledger;
    for (const { id } of models) {
      this.queued.set(id, 0);
      this.running.set(id, 0);
    }
  }

  text(): string {
    const perModel = (values: ReadonlyMap<string, number>) => (): [Labels, number][] =>
      Array.from(values, ([model, value]) => [{ model }, value]);
    const own = Object.values(this).filter(
      (field): field is Metric => field instanceof Counter || field instanceof Histogram,
    );
    return expose([
      ...own,
      new Reading("gauge", "krait_queued", "Generations that wait for their turn.", perModel(this.queued)),
      new Reading("gauge", "krait_running", "Generations under way.", perModel(this.running)),
      new Reading("gauge", "krait_ledger_pending", "Ledger entries that could not be written yet.", () => [
        [{}, this.#ledger?.pending ?? 0],
      ]),
      new Reading(
        "gauge",
        "krait_model_state",
        "1 for the state that the model is in, 0 for the others.",
        () =>
          this.#models.flatMap((model) => {
            const now = model.state?.() ?? "ready";
            return states.map((state): [Labels, number] => [
              { model: model.id, state },
              state === now ? 1 : 0,
            ]);
          }),
      ),
      ...this.#modelStats(),
    ]);
  }

  #modelStats(): Reading[] {
    const byName = new Map<string, [Labels, number][]>();
    for (const model of this.#models) {
      for (const [name, value] of Object.entries(model.stats?.() ?? {})) {
        byName.set(name, [...(byName.get(name) ?? []), [{ model: model.id }, value]]);
      }
    }
    return Array.from(byName, ([name, values]) => statMetric(name, () => values));
  }
}

export function addTo(values: Map<string, number>, model: string, amount: number): void {
  values.set(model, (values.get(model) ?? 0) + amount);
}
