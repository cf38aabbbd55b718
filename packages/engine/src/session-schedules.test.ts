import { BackendLostError } from "@krait/tensor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { collect, scriptedEngine, tokensOf } from "../testing/generate.ts";
import { continuation, hashing, promptOf } from "../testing/hashing-script.ts";
import { scriptedModel } from "../testing/scripted-model.ts";
import type { Engine } from "./engine.ts";
import type { FinishEvent, GenerateEvent } from "./events.ts";
import type { Session } from "./session.ts";

const which = fc.nat(9);
const abortsAfter = fc.option(fc.nat(8), { nil: undefined });
const maxTokens = fc.integer({ min: 1, max: 40 });
const length = fc.integer({ min: 1, max: 120 });

/** What one does next; `which` is the session that it is done to. */
const action = fc.oneof(
  fc.record({ kind: fc.constant("open"), seed: fc.integer({ min: 1, max: 3 }), length, abortsAfter }),
  fc.record({
    kind: fc.constant("extend"),
    which,
    seed: fc.integer({ min: 4, max: 6 }),
    length,
    abortsAfter,
  }),
  fc.record({ kind: fc.constant("fork"), which }),
  fc.record({ kind: fc.constant("close"), which }),
  fc.record({ kind: fc.constant("reload"), which, closes: fc.boolean() }),
  fc.record({ kind: fc.constant("generate"), which, more: fc.nat(40), maxTokens, waits: fc.boolean() }),
  fc.record({ kind: fc.constant("prompt"), seed: fc.integer({ min: 1, max: 3 }), length, maxTokens }),
) as fc.Arbitrary<Action>;

interface Action {
  readonly kind: "open" | "extend" | "fork" | "close" | "reload" | "generate" | "prompt";
  readonly which?: number;
  readonly seed?: number;
  readonly length?: number;
  readonly abortsAfter?: number | undefined;
  readonly closes?: boolean;
  readonly more?: number;
  readonly maxTokens?: number;
  readonly waits?: boolean;
}

const machine = fc.record({
  slots: fc.integer({ min: 2, max: 4 }),
  rows: fc.integer({ min: 1, max: 70 }),
  pages: fc.integer({ min: 24, max: 60 }),
  snapshots: fc.nat(4),
  asDevice: fc.boolean(),
  hostBytes: fc.constantFrom(0, 20_000, 1_000_000),
  /** What happens in this step, if there are so many. */
  fault: fc.option(fc.record({ step: fc.integer({ min: 1, max: 60 }), isLoss: fc.boolean() }), {
    nil: undefined,
  }),
});

/** Why a session may be refused: the reader's wish, a step's fault, or no room for another. */
const reasons = new Set(["enough", "a step fails"]);
const codes = new Set(["SNAPSHOTS_EXHAUSTED", "PAGES_EXHAUSTED"]);

async function allowing(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { code = "", message } = error as Error & { code?: string };
    if (!codes.has(code) && !reasons.has(message)) throw error;
  }
}

/** Reads an answer of so many tokens to a prompt. */
async function check(
  stream: AsyncIterable<GenerateEvent>,
  prompt: readonly number[],
  count: number,
): Promise<FinishEvent> {
  const events = await collect(stream);
  expect(tokensOf(events).map(({ token }) => token)).toEqual(continuation(hashing, prompt, count));
  return events.at(-1) as FinishEvent;
}

/** Does one action; answers that nobody waits for are added to `running`. */
async function act(engine: Engine, sessions: Session[], each: Action, running: Promise<void>[]) {
  const { kind, seed = 0, length = 0, maxTokens = 1, more = 0 } = each;
  const session = sessions[(each.which ?? 0) % Math.max(1, sessions.length)];
  const close = (): void => {
    session!.close();
    sessions.splice(sessions.indexOf(session!), 1);
  };
  const open = async (): Promise<void> => {
    const { signal, abort } = abortable();
    const added = promptOf(seed, length);
    const options = { signal };
    const opening = kind === "open" ? engine.openSession(added, options) : session!.extend(added, options);
    opening.catch(() => {});
    if (each.abortsAfter !== undefined) await abort(each.abortsAfter);
    const opened = await opening;
    expect(opened.tokens).toEqual(kind === "open" ? added : [...session!.tokens, ...added]);
    sessions.push(opened);
  };
  if (kind === "open") return await allowing(open);
  if (kind === "prompt") {
    const prompt = promptOf(seed, length);
    const stream = engine.generate({ prompt, maxTokens, snapshotAt: [40] });
    running.push(allowing(async () => void (await check(stream, prompt, maxTokens))));
    return;
  }
  if (session === undefined) return;
  if (kind === "extend") await allowing(open);
  else if (kind === "fork") sessions.push(session.fork());
  else if (kind === "close") close();
  else if (kind === "reload") {
    await allowing(async () => {
      const bytes = await session.save();
      if (each.closes === true) close();
      sessions.push(engine.loadSession(bytes));
    });
  } else {
    const prompt = promptOf(7, more);
    const whole = [...session.tokens, ...prompt];
    const stream = session.generate({ prompt, maxTokens });
    const done = allowing(async () => void (await check(stream, whole, maxTokens)));
    running.push(done);
    if (each.waits === true) await done;
  }
}

function abortable() {
  const controller = new AbortController();
  const abort = async (turns: number): Promise<void> => {
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error("enough"));
  };
  return { signal: controller.signal, abort };
}

test("whatever is opened, extended, forked, stored, loaded, closed and asked, sessions answer as their tokens do", async () => {
  await fc.assert(
    fc.asyncProperty(machine, fc.array(action, { minLength: 3, maxLength: 20 }), async (sizes, actions) => {
      let steps = 0;
      const beforeStep = (): void => {
        if (++steps !== sizes.fault?.step) return;
        throw sizes.fault.isLoss
          ? new BackendLostError("scripted", "a test took it away")
          : new Error("a step fails");
      };
      const first = await scriptedEngine(
        hashing,
        { ...sizes, beforeStep },
        {
          tokenizer: undefined,
          endTokens: [],
          prefixCache: { stride: 32 },
          recovery: { hostBytes: sizes.hostBytes },
          rebuild: async () => {
            const again = await scriptedModel(hashing, { ...sizes, beforeStep });
            read = again.read;
            return again;
          },
        },
      );
      const { engine } = first;
      let { read } = first;
      const sessions: Session[] = [];
      const running: Promise<void>[] = [];
      for (const each of actions) await act(engine, sessions, each, running);
      await Promise.all(running);
      // What is said to be cached is what was not read; of a session that has its states, all of it.
      const isOver = sizes.fault === undefined || sizes.fault.step <= steps;
      for (const session of isOver ? [undefined, ...sessions] : []) {
        const before = read.length;
        const prompt = promptOf(2, 70);
        const whole = [...(session?.tokens ?? []), ...prompt];
        const { usage } = await check((session ?? engine).generate({ prompt, maxTokens: 5 }), whole, 5);
        expect(usage.promptTokens).toBe(whole.length);
        expect(read.length - before).toBe(whole.length - usage.cachedTokens + 4);
        if (session === undefined || sizes.fault?.isLoss === true) continue;
        expect(usage.cachedTokens).toBeGreaterThanOrEqual(session.tokens.length - 1);
      }
      for (const session of sessions) session.close();
      const { stats, pool } = engine;
      expect(stats).toMatchObject({ running: 0, queued: 0, slots: { free: sizes.slots } });
      const { entries, bytes } = stats.cache!;
      expect(pool.snapshots.held).toBe(entries);
      const held = stats.pages.total - stats.pages.free;
      expect(bytes).toBe(entries * pool.snapshots.byteLength + held * pool.pageBytes);
      await engine.dispose();
    }),
    { numRuns: 80 },
  );
}, 120_000);
