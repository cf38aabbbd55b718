import { BackendLostError } from "@krait/tensor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { scriptedEngine } from "../testing/generate.ts";
import { continuation, hashing, promptOf } from "../testing/hashing-script.ts";
import { scriptedModel } from "../testing/scripted-model.ts";
import type { Engine } from "./engine.ts";

/** One request of a random schedule. */
const request = fc.record({
  /** Turns of the event loop after the request before it. */
  delay: fc.nat(12),
  /** Prompts share beginnings: each is a part of one of two, with an end of its own. */
  family: fc.integer({ min: 1, max: 2 }),
  shared: fc.nat(400),
  own: fc.integer({ min: 1, max: 40 }),
  maxTokens: fc.integer({ min: 1, max: 60 }),
  n: fc.constantFrom(1, 1, 1, 2),
  /** The reader leaves after so many events. */
  leavesAfter: fc.option(fc.nat(30), { nil: undefined }),
  boundary: fc.nat(200),
});

const machine = fc.record({
  slots: fc.integer({ min: 2, max: 5 }),
  rows: fc.integer({ min: 4, max: 70 }),
  outputRows: fc.integer({ min: 2, max: 8 }),
  pages: fc.integer({ min: 20, max: 60 }),
  snapshots: fc.nat(5),
  asDevice: fc.boolean(),
  deterministic: fc.boolean(),
  /** The device is lost in this step, if there are so many. */
  lostIn: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
  hostBytes: fc.constantFrom(0, 20_000, 1_000_000),
});

type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

const promptFor = ({ family, shared, own }: Request, index: number): number[] => [
  ...promptOf(family, shared),
  ...promptOf(index + 10, own),
];

/** Reads a request to its end or until its reader has seen enough; whether every answer came to its end. */
async function read(engine: Engine, each: Request, index: number): Promise<Map<number, number[]>> {
  const answers = new Map<number, number[]>();
  let events = 0;
  const stream = engine.generate({
    prompt: promptFor(each, index),
    maxTokens: each.maxTokens,
    n: each.n,
    snapshotAt: [each.boundary],
  });
  for await (const event of stream) {
    if (event.type === "token") {
      const choice = event.choice ?? 0;
      answers.set(choice, [...(answers.get(choice) ?? []), event.token]);
    }
    if (each.leavesAfter !== undefined && ++events > each.leavesAfter) break;
  }
  return answers;
}

test("whatever comes, goes, is cached, gives way and is lost, every answer is what it is alone, and nothing is left behind", async () => {
  await fc.assert(
    fc.asyncProperty(machine, fc.array(request, { minLength: 1, maxLength: 9 }), async (sizes, requests) => {
      const { deterministic, hostBytes, lostIn } = sizes;
      let steps = 0;
      const beforeStep = (): void => {
        if (++steps === lostIn) throw new BackendLostError("scripted", "a test took it away");
      };
      const { engine } = await scriptedEngine(
        hashing,
        { ...sizes, beforeStep },
        {
          tokenizer: undefined,
          endTokens: [],
          deterministic,
          prefixCache: { stride: 64 },
          recovery: { hostBytes },
          rebuild: () => scriptedModel(hashing, sizes),
        },
      );
      const running: Promise<void>[] = [];
      for (const [index, each] of requests.entries()) {
        for (let turn = 0; turn < each.delay; turn++) await new Promise((resolve) => setImmediate(resolve));
        running.push(
          read(engine, each, index).then((answers) => {
            const whole = continuation(hashing, promptFor(each, index), each.maxTokens);
            for (const answer of answers.values()) {
              expect(answer).toEqual(whole.slice(0, answer.length));
              if (each.leavesAfter === undefined) expect(answer).toHaveLength(each.maxTokens);
            }
            if (each.leavesAfter === undefined) expect(answers.size).toBe(each.n);
          }),
        );
      }
      await Promise.all(running);
      const { stats, pool } = engine;
      expect(stats).toMatchObject({ running: 0, queued: 0, failed: 0, slots: { free: sizes.slots } });
      expect(stats.recoveries).toBe(lostIn !== undefined && lostIn <= steps ? 1 : 0);
      // What is not free is held by the cache alone.
      expect(stats.cache!.entries).toBe(pool.snapshots.held);
      const { entries, bytes } = stats.cache!;
      const held = stats.pages.total - stats.pages.free;
      expect(bytes).toBe(entries * pool.snapshots.byteLength + held * pool.pageBytes);
      await engine.dispose();
    }),
    { numRuns: 60 },
  );
});
