import { loadModel } from "krait";
import { expect, test } from "vitest";
import { echoModel } from "../../test-support/echo-model.ts";
import { serveModel } from "../model/serve-model.ts";
import type { ServedModel } from "../model/served-model.ts";
import { createUpstreamModel } from "../upstream/upstream-model.ts";
import { ServerMetrics } from "./server-metrics.ts";

/** The type and the help of each metric, by its name. */
function headsIn(text: string): Record<string, { type: string; help: string }> {
  const heads = text.matchAll(/^# HELP (\w+) (.+)\n# TYPE \1 (\w+)$/gm);
  return Object.fromEntries(
    Array.from(heads, ([, name, help, type]) => [name, { help: help!, type: type! }]),
  );
}

function headsOf(model: ServedModel): [string, { type: string; help: string }][] {
  return Object.entries(headsIn(new ServerMetrics([model], undefined).text()));
}

test("what only grows is a counter and ends in _total, and all else does not", async () => {
  await using loaded = await loadModel();
  const heads = headsOf(serveModel(loaded, { id: "tiny" }));
  for (const [name, { type }] of heads)
    expect([name, type === "counter"]).toEqual([name, name.endsWith("_total")]);
  const engine = heads.filter(([name]) => name.startsWith("krait_engine_"));
  const names = (wanted: string) =>
    engine.flatMap(([name, { type }]) => (type === wanted ? [name.replace("krait_engine_", "")] : []));
  expect(names("gauge").sort()).toEqual(
    [
      "cache_bytes",
      "cache_entries",
      "pages",
      "pages_free",
      "queued",
      "running",
      "slots",
      "slots_free",
    ].sort(),
  );
  expect(names("counter").sort()).toEqual([
    ...["cache_evictions_total", "cache_hits_total", "cache_misses_total", "cached_tokens_total"],
    ...["cancelled_total", "completion_tokens_total", "failed_total", "finished_total"],
    ...["preemptions_total", "prompt_tokens_total", "reasoning_tokens_total", "recovered_tokens_total"],
    ...["recoveries_total", "requests_total", "rows_total", "steps_total"],
  ]);
});

test("all that models of ours tell is explained, and what others tell is a gauge by their name", async () => {
  await using loaded = await loadModel();
  const { tokenizer, template } = loaded;
  using upstream = createUpstreamModel({ id: "tiny", urls: ["http://a.example"], tokenizer, template });
  for (const model of [serveModel(loaded, { id: "tiny" }), upstream]) {
    const own = headsOf(model).filter(([, { help }]) => help.includes("itself"));
    expect(own).toEqual([]);
  }
  const other = { ...echoModel(0), stats: () => ({ warmth: 3 }) };
  const text = new ServerMetrics([other], undefined).text();
  expect(headsIn(text).krait_engine_warmth).toEqual({
    type: "gauge",
    help: 'What the model itself calls "warmth".',
  });
  expect(text).toContain('krait_engine_warmth{model="echo"} 3\n');
});
