import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { startTiny, type TinyServer } from "../../test-support/running-server.ts";

const STREAMS = 64;

/** A client that reads a stream to its end, or hangs up after some events. */
async function stream(tiny: TinyServer, number: number, events: number): Promise<"whole" | "left"> {
  const controller = new AbortController();
  const response = await tiny.post(
    "/v1/chat/completions",
    {
      messages: [{ role: "user", content: `What is ${number} + 38?` }],
      ...{ stream: true, max_tokens: 12, reasoning_effort: "none" },
    },
    { signal: controller.signal },
  );
  expect(response.status).toBe(200);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    // However many of them came in one piece.
    if (text.split("\n\n").length > events) {
      controller.abort();
      await reader.cancel().catch(() => {});
      return "left";
    }
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  return "whole";
}

/** 64 clients at once, some of whom hang up before the first token, some in the middle. */
async function round(tiny: TinyServer, seed: number): Promise<void> {
  const random = lcg(seed);
  const patience = Array.from({ length: STREAMS }, () =>
    random() < 0.4 ? Math.floor(random() * 6) : Infinity,
  );
  const outcomes = await Promise.all(patience.map((chunks, number) => stream(tiny, number, chunks)));
  expect(outcomes).toEqual(patience.map((events) => (events === Infinity ? "whole" : "left")));
  expect(outcomes.filter((outcome) => outcome === "left").length).toBeGreaterThan(5);
}

async function gauges(tiny: TinyServer): Promise<Record<string, number>> {
  const { url, handler } = tiny.server;
  // Not over the network, on whose way some of an answer is made.
  const text = await (await handler(new Request(`${url}/metrics`))).text();
  const samples = text.matchAll(
    /^(krait_(?:queued|running|engine_(?:queued|running|slots_free|slots|pages_free|pages)))\{\S+ (\d+)$/gm,
  );
  return Object.fromEntries(Array.from(samples, ([, name, value]) => [name, Number(value)]));
}

test("64 streams whose clients hang up at random leave nothing behind, and hold up nobody", async () => {
  // What the cache keeps of prompts is no leak, and would look like one.
  await using tiny = await startTiny({}, { engine: { prefixCache: false } });
  const before = await gauges(tiny);
  const { krait_engine_slots: slots, krait_engine_pages: pages } = before;
  expect(before).toEqual({
    ...{ krait_queued: 0, krait_running: 0, krait_engine_queued: 0, krait_engine_running: 0 },
    ...{ krait_engine_slots_free: slots, krait_engine_slots: slots },
    ...{ krait_engine_pages_free: pages, krait_engine_pages: pages },
  });
  await round(tiny, 1);
  await round(tiny, 2);
  const heap = heapBytes();
  for (let seed = 3; seed <= 4; seed++) await round(tiny, seed);
  // On a busy machine it takes a while until every hang-up has been noticed.
  const rarely = { interval: 250 };
  await expect.poll(() => gauges(tiny), rarely).toEqual(before);
  // A stream keeps tens of kilobytes while it lasts: 128 of them would be seen.
  await expect.poll(() => heapBytes() - heap, rarely).toBeLessThan(3e6);
});

test("an answer that nobody reads is cut off, and does not hold up one that is read", async () => {
  await using tiny = await startTiny({ maxBufferedBytes: 20_000 });
  const bans = Object.fromEntries([2, 11, 12].map((token) => [token, -100]));
  // Without a network between, which takes in some megabytes before anybody has to wait.
  const response = await tiny.server.handler(
    new Request(`${tiny.server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        messages: [{ role: "user", content: "Hello!" }],
        ...{ stream: true, max_tokens: 100_000, logit_bias: bans },
      }),
    }),
  );
  expect((await gauges(tiny)).krait_running).toBe(1);
  expect(await stream(tiny, 1, Infinity)).toBe("whole");
  await expect.poll(() => gauges(tiny)).toMatchObject({ krait_running: 0 });
  await expect(response.text()).rejects.toThrow(/does not read/);
});

function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let i = 0; i < 3; i++) collect();
  return process.memoryUsage().heapUsed;
}

/** Numerical Recipes' linear congruential generator, as numbers from 0 to 1. */
function lcg(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
