import { type Labels, Reading } from "./prometheus.ts";

/** What only grows until the engine is made anew, by its name among a model's statistics. */
const counters: Readonly<Record<string, string>> = {
  requests: "Requests that were taken in.",
  finished: "Requests all of whose answers came to their end.",
  cancelled: "Requests that were given up by whoever asked.",
  failed: "Requests that ended in an error.",
  prompt_tokens: "Tokens of the prompts of finished requests.",
  cached_tokens: "Tokens of the prompts of finished requests that had been computed before.",
  completion_tokens: "Tokens generated for finished requests.",
  reasoning_tokens: "Tokens of reasoning generated for finished requests.",
  steps: "Steps of the batch: passes through the model.",
  rows: "Rows of all steps: tokens that were read.",
  preemptions: "Times that a sequence gave its place or its pages to another, to be read again.",
  recoveries: "Times that the backend was made again after it was lost.",
  recovered_tokens: "Tokens that were not read again after a recovery, as their states had been copied.",
  cache_hits: "Prompts that began with one whose state was kept.",
  cache_misses: "Prompts of whose beginning no state was kept.",
  cache_evictions: "Kept states that were given up to make room for others.",
};

const gauges: Readonly<Record<string, string>> = {
  queued: "Requests that wait for a place in the batch.",
  running: "Sequences in the batch.",
  cache_entries: "States of prompts' beginnings that are kept.",
  cache_bytes: "Bytes of the kept states, and of the pages that only they hold.",
  slots: "Slots for the recurrent states of sequences.",
  slots_free: "Slots that no sequence has.",
  pages: "Pages for the keys and values of attention.",
  pages_free: "Pages that nobody holds.",
  upstreams: "Servers that answers may come from.",
  upstreams_healthy: "Servers that answered the last look at their health.",
  upstreams_running: "Requests under way at these servers.",
};

/** How `/metrics` shows one of the statistics of models; one that is not known here is a gauge. */
export function statMetric(name: string, values: () => Iterable<readonly [Labels, number]>): Reading {
  const counted = counters[name];
  if (counted !== undefined) return new Reading("counter", `krait_engine_${name}_total`, counted, values);
  const help = gauges[name] ?? `What the model itself calls "${name}".`;
  return new Reading("gauge", `krait_engine_${name}`, help, values);
}
