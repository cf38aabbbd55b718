import fc from "fast-check";
import { expect, test } from "vitest";
import { collect, END, prompt, scriptedEngine, tokenizer, tokensOf } from "../testing/generate.ts";
import { continuation, hashing, promptOf } from "../testing/hashing-script.ts";
import { type ScriptedSizes, scriptOf } from "../testing/scripted-model.ts";
import type { Engine } from "./engine.ts";
import type { EngineOptions } from "./engine-options.ts";
import type { FinishEvent, GenerateEvent } from "./events.ts";
import type { GenerateRequest } from "./request.ts";
import type { EngineEvent } from "./telemetry.ts";

const open = (sizes: ScriptedSizes, options: EngineOptions = {}) =>
  scriptedEngine(hashing, sizes, { tokenizer: undefined, endTokens: [], ...options });

/** Tokens that an answer may have: those after the prompt that the pages hold, and one drawn from the last of them. */
const roomFor = (promptLength: number, pages: number): number => 32 * pages + 1 - promptLength;

const idsOf = (events: readonly GenerateEvent[]): number[] => tokensOf(events).map(({ token }) => token);

function expectEmpty({ stats, pool }: Engine): void {
  expect(stats).toMatchObject({ running: 0, queued: 0, slots: { free: pool.slots } });
  expect(pool.snapshots.held).toBe(stats.cache?.entries ?? 0);
  if (stats.cache === undefined) expect(pool.freePages).toBe(pool.pages);
}

test.each([false, true])(
  "an answer that outgrows all pages ends with what they hold, and takes nothing from others (looking ahead: %s)",
  async (asDevice) => {
    const events: EngineEvent[] = [];
    const { engine } = await open({ pages: 6, asDevice }, { onEvent: (event) => void events.push(event) });
    const large = collect(engine.generate({ prompt: promptOf(1, 50), maxTokens: 1000 }));
    const small = collect(engine.generate({ prompt: promptOf(2, 10), maxTokens: 100 }));
    const count = roomFor(50, 6);
    expect(idsOf(await large)).toEqual(continuation(hashing, promptOf(1, 50), count));
    const { finishReason, usage } = (await large).at(-1) as FinishEvent;
    expect(finishReason).toBe("length");
    expect(usage).toMatchObject({ promptTokens: 50, completionTokens: count });
    expect(idsOf(await small)).toEqual(continuation(hashing, promptOf(2, 10), 100));
    expect(engine.stats).toMatchObject({ finished: 2, failed: 0 });
    expectEmpty(engine);
    // Whoever runs the engine is told that answers are longer than its memory.
    const [warning] = events.filter(({ type }) => type === "warning");
    expect(warning).toMatchObject({ code: "PAGES_EXHAUSTED", message: expect.stringContaining("of 6 are") });
  },
);

test("a prompt that does not fit is refused with the numbers before any of it is read, and the others go on", async () => {
  const { engine, read } = await open({ pages: 6, rows: 16 }, { prefixCache: false });
  const refused = { code: "PAGES_EXHAUSTED", details: { needed: 7, free: 6, pages: 6 } };
  await expect(collect(engine.generate({ prompt: promptOf(1, 193) }))).rejects.toMatchObject(refused);
  expect(read).toEqual([]);
  expect(idsOf(await collect(engine.generate({ prompt: promptOf(1, 192) })))).toHaveLength(1);
  expectEmpty(engine);
});

test("an answer goes on from a session until the session leaves no more pages, and the session stays", async () => {
  const { engine } = await open({ pages: 6 }, { prefixCache: false });
  const session = await engine.openSession(promptOf(1, 50));
  // Of the two pages of the session the first is shared; the answer has a copy of the other.
  for (let again = 0; again < 2; again++) {
    const events = await collect(session.generate({ maxTokens: 1000 }));
    expect(idsOf(events)).toEqual(continuation(hashing, promptOf(1, 50), roomFor(50, 5)));
    expect(events.at(-1)).toMatchObject({ finishReason: "length" });
    expect(engine.pool.freePages).toBe(4);
  }
  session.close();
  expectEmpty(engine);
});

test("answers say what of the prompt they had to read, side by side or, for want of room, one after the other", async () => {
  for (const pages of [6, 4]) {
    const { engine, read } = await open({ pages }, { prefixCache: false });
    const events = await collect(engine.generate({ prompt: promptOf(1, 100), n: 2, maxTokens: 20 }));
    const usages = events.flatMap((event) => (event.type === "finish" ? [event.usage] : []));
    const cached = usages.reduce((sum, { cachedTokens }) => sum + cachedTokens, 0);
    expect(usages).toHaveLength(2);
    // Of each answer all but the last token is read, too.
    expect(read).toHaveLength(2 * (100 + 19) - cached);
    expect(cached).toBe(pages === 6 ? 99 : 0);
  }
});

/** The bytes of a session of so many tokens. */
async function stored(engine: Engine, length: number): Promise<Uint8Array> {
  using session = await engine.openSession(promptOf(3, length));
  return await session.save();
}

test.each([
  // In the middle of its answer, with two of six pages; and once another has taken its place, with ten of twelve.
  { what: "beside it", pages: 6, sessionLength: 100, isDisplaced: false },
  { what: "while it waits for its place", pages: 12, sessionLength: 300, isDisplaced: true },
])("an answer ends with what it has when a session takes the pages $what", async (each) => {
  const { engine } = await open({ slots: 1, pages: each.pages }, { prefixCache: false });
  const bytes = await stored(engine, each.sessionLength);
  const stream = engine.generate({ prompt: promptOf(1, 60), maxTokens: 1000 })[Symbol.asyncIterator]();
  const events: GenerateEvent[] = [];
  const read = async (): Promise<boolean> => {
    const { value, done } = await stream.next();
    if (!done) events.push(value);
    return done !== true;
  };
  while (idsOf(events).length < 2) await read();
  if (each.isDisplaced) await collect(engine.generate({ prompt: promptOf(2, 10), maxTokens: 300 }));
  using session = engine.loadSession(bytes);
  while (await read());
  expect(events.at(-1)).toMatchObject({ finishReason: "length" });
  const ids = idsOf(events);
  expect(ids).toEqual(continuation(hashing, promptOf(1, 60), ids.length));
  expect(ids.length).toBeLessThan(roomFor(60, each.pages));
  expect(engine.stats).toMatchObject({ failed: 0, preemptions: each.isDisplaced ? 1 : 0 });
  session.close();
  expectEmpty(engine);
});

const chat = "</think>\n\n";
const callOf = (text: string): string =>
  `<TOOLCALL>[{"name": "f", "arguments": {"text": "${text}"}}]</TOOLCALL>`;
const long = "so it goes, ".repeat(40);

test.each<[what: string, answer: string, request: Partial<GenerateRequest>]>([
  ["text", long, {}],
  ["text of several answers", long, { n: 2 }],
  ["a reasoning trace", long, { reasoning: "on" }],
  [
    "an answer after reasoning, in a stop string",
    `hm${chat}${long}`,
    { reasoning: "on", stop: "goes, so it went" },
  ],
  ["a call", callOf(long), {}],
  ["a call after another", `${callOf("a")}${callOf(long)}`, {}],
  ["log-probabilities", long, { sampling: { logprobs: 1 } }],
  [
    "an answer under a constraint",
    long,
    { constraint: () => ({ mask: () => null, accept: () => {}, isFinished: false }) },
  ],
])("%s that the pages cut off is what maxTokens would have cut off", async (_, answer, request) => {
  const script = scriptOf(tokenizer, answer, prompt.length, END);
  const answers = await Promise.all(
    [3, 80].map(async (pages) => {
      const { engine } = await scriptedEngine(script, { pages }, { prefixCache: false });
      const maxTokens = pages === 80 ? roomFor(prompt.length, 3) : undefined;
      const events = await collect(engine.generate({ prompt, ...request, ...(maxTokens && { maxTokens }) }));
      expectEmpty(engine);
      const choices = [undefined, 0, 1].map((choice) => events.filter((event) => event.choice === choice));
      return choices.map((own) => own.map((event) => ("timing" in event ? { ...event, timing: {} } : event)));
    }),
  );
  expect(answers[0]).toEqual(answers[1]);
  expect(answers[0]!.flat().some((event) => "finishReason" in event && event.finishReason === "length")).toBe(
    true,
  );
});

const asked = fc.record({
  length: fc.integer({ min: 1, max: 150 }),
  maxTokens: fc.integer({ min: 1, max: 200 }),
  n: fc.integer({ min: 1, max: 3 }),
});

test("whoever else runs, an answer is as long as its request or all pages allow", async () => {
  const sizes = fc.record({
    pages: fc.integer({ min: 1, max: 6 }),
    slots: fc.integer({ min: 3, max: 5 }),
    rows: fc.integer({ min: 1, max: 40 }),
    asDevice: fc.boolean(),
  });
  const options = fc.record({
    prefixCache: fc.constantFrom(false as const, { stride: 32 }),
    deterministic: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      sizes,
      options,
      fc.array(asked, { minLength: 1, maxLength: 4 }),
      async (machine, more, requests) => {
        const { engine } = await open(machine, more);
        const answers = await Promise.allSettled(
          requests.map(({ length, ...rest }, seed) =>
            collect(engine.generate({ prompt: promptOf(seed, length), ...rest })),
          ),
        );
        for (const [seed, { length, maxTokens, n }] of requests.entries()) {
          const answer = answers[seed]!;
          const room = roomFor(length, machine.pages);
          if (room < 1) {
            expect(answer).toMatchObject({ status: "rejected", reason: { code: "PAGES_EXHAUSTED" } });
            continue;
          }
          if (answer.status === "rejected") throw answer.reason;
          const whole = continuation(hashing, promptOf(seed, length), Math.min(maxTokens, room));
          for (let choice = 0; choice < n; choice++) {
            const own = answer.value.filter((event) => n === 1 || event.choice === choice);
            expect(idsOf(own)).toEqual(whole);
            expect(own.at(-1)).toMatchObject({ type: "finish", finishReason: "length" });
          }
        }
        expectEmpty(engine);
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);
