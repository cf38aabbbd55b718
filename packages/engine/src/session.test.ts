import { createCpuBackend } from "@krait/backend-cpu";
import { architectureOf, loadModel, type ModelOptions } from "@krait/models";
import { openFixture } from "@krait/testing";
import { expect, test } from "vitest";
import { collect, scriptedEngine, tokensOf } from "../testing/generate.ts";
import { continuation, hashing, promptOf } from "../testing/hashing-script.ts";
import type { ScriptedSizes } from "../testing/scripted-model.ts";
import { createEngine, type Engine } from "./engine.ts";
import type { FinishEvent } from "./events.ts";
import type { Session, SessionRequest } from "./session.ts";

const open = (sizes: ScriptedSizes = {}) =>
  scriptedEngine(hashing, sizes, { tokenizer: undefined, endTokens: [] });

async function answer(session: Session, request: SessionRequest): Promise<number[]> {
  return tokensOf(await collect(session.generate(request))).map(({ token }) => token);
}

test("from one reading of a prompt come as many answers as one likes", async () => {
  const { engine, read } = await open();
  const prompt = promptOf(1, 100);
  using session = await engine.openSession(prompt);
  expect(session.tokens).toEqual(prompt);
  const before = read.length;
  const answers = await Promise.all([1, 2, 3].map(() => answer(session, { maxTokens: 5 })));
  for (const each of answers) expect(each).toEqual(continuation(hashing, prompt, 5));
  expect(read.length - before).toBe(3 * 5);
  const more = promptOf(2, 7);
  expect(await answer(session, { prompt: more, maxTokens: 5 })).toEqual(
    continuation(hashing, [...prompt, ...more], 5),
  );
});

test("a tree of sessions: each goes its own way, and closing one leaves the others", async () => {
  const { engine } = await open({ snapshots: 8 });
  const root = await engine.openSession(promptOf(1, 50));
  const left = await root.extend([7, 8]);
  const right = await root.extend([9]);
  const second = left.fork();
  root.close();
  left.close();
  expect(() => left.generate()).toThrow(expect.objectContaining({ code: "SEQUENCE_CLOSED" }));
  expect(await answer(second, { maxTokens: 4 })).toEqual(
    continuation(hashing, [...promptOf(1, 50), 7, 8], 4),
  );
  expect(await answer(right, { maxTokens: 4 })).toEqual(continuation(hashing, [...promptOf(1, 50), 9], 4));
  second.close();
  right.close();
  expect(engine.pool.snapshots.held).toBe(engine.stats.cache!.entries);
});

test("sessions of one token and of a prompt that is cached already are kept, too", async () => {
  const { engine } = await open();
  for (const prompt of [[20], promptOf(1, 64), promptOf(1, 64)]) {
    using session = await engine.openSession(prompt);
    expect(await answer(session, { maxTokens: 6 })).toEqual(continuation(hashing, prompt, 6));
  }
});

test("when there is no memory for another session one is told", async () => {
  const { engine } = await open({ snapshots: 1 });
  using _ = await engine.openSession(promptOf(1, 40));
  await expect(engine.openSession(promptOf(2, 40))).rejects.toMatchObject({ code: "SNAPSHOTS_EXHAUSTED" });
});

test("a session that is given up while it is read leaves nothing behind", async () => {
  for (let turns = 0; turns < 12; turns++) {
    const { engine } = await scriptedEngine(
      hashing,
      { rows: 16, asDevice: true },
      { tokenizer: undefined, endTokens: [], prefixCache: false },
    );
    const controller = new AbortController();
    const opening = engine.openSession(promptOf(1, 60), { signal: controller.signal });
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error("enough"));
    const session = await opening.catch((error: Error) => {
      expect(error.message).toBe("enough");
    });
    session?.close();
    expect(engine.pool.snapshots.held).toBe(0);
    expect(engine.stats.pages.free).toBe(engine.stats.pages.total);
  }
});

const fixture = await openFixture("tiny-a");
const config = (await fixture.model.json("config.json")) as Record<string, unknown>;
const ids = fixture.golden.integers("p300.ids");

async function openTiny(options: ModelOptions = {}, name: "tiny-a" | "tiny-b" = "tiny-a"): Promise<Engine> {
  const backend = await createCpuBackend();
  const { model: folder } = name === "tiny-a" ? fixture : await openFixture(name);
  const json = name === "tiny-a" ? config : ((await folder.json("config.json")) as Record<string, unknown>);
  await using file = await folder.weights();
  const model = await loadModel(architectureOf(json), file, backend, { maxContext: 512, ...options });
  return createEngine(model, backend);
}

test("a stored session goes on elsewhere as if it had never left, without reading its tokens again", async () => {
  const here = await openTiny();
  using session = await here.openSession(ids.slice(0, 77));
  const request = { prompt: ids.slice(100, 110), maxTokens: 12, sampling: { temperature: 0.8, seed: 3 } };
  const want = await answer(session, request);
  const bytes = await session.save();
  const there = await openTiny({ maxSequences: 2, chunkRows: 16 });
  using restored = there.loadSession(bytes);
  expect(restored.tokens).toEqual(ids.slice(0, 77));
  const events = await collect(restored.generate(request));
  expect(tokensOf(events).map(({ token }) => token)).toEqual(want);
  expect((events.at(-1) as FinishEvent).usage).toMatchObject({ promptTokens: 87, cachedTokens: 76 });
  expect(await restored.save()).toEqual(bytes);
});

test("states in another precision are converted", async () => {
  const here = await openTiny({ kvDtype: "f16" });
  using session = await here.openSession(ids.slice(0, 70));
  const there = await openTiny({ kvDtype: "f32" });
  using restored = there.loadSession(await session.save());
  const greedy = { maxTokens: 8, sampling: { temperature: 0 } };
  expect(await answer(restored, greedy)).toEqual(await answer(session, greedy));
});

test("what is cut short, damaged, of another model or of another version is refused", async () => {
  const engine = await openTiny();
  using session = await engine.openSession(ids.slice(0, 40));
  const bytes = await session.save();
  const { freePages } = engine.pool;
  const { held } = engine.pool.snapshots;
  const damaged = (at: number): Uint8Array => {
    const copy = bytes.slice();
    copy[at]! ^= 1;
    return copy;
  };
  const wrong: [Uint8Array, string][] = [
    [bytes.slice(0, bytes.length - 8), "cut short"],
    [bytes.slice(0, 10), "not a stored session"],
    [damaged(0), "not a stored session"],
    [damaged(8), "version"],
    [damaged(bytes.length >> 1), "damaged"],
    [damaged(bytes.length - 1), "damaged"],
  ];
  for (const [file, reason] of wrong) {
    expect(() => engine.loadSession(file)).toThrow(
      expect.objectContaining({ code: "SESSION_INVALID", message: expect.stringContaining(reason) }),
    );
  }
  for (let cut = 0; cut < 30; cut++) {
    const length = Math.floor((bytes.length * cut) / 30);
    expect(() => engine.loadSession(bytes.slice(0, length))).toThrow(
      expect.objectContaining({ code: "SESSION_INVALID" }),
    );
    expect(() => engine.loadSession(damaged(length))).toThrow(
      expect.objectContaining({ code: "SESSION_INVALID" }),
    );
  }
  const other = await openTiny({}, "tiny-b");
  expect(() => other.loadSession(bytes)).toThrow(
    expect.objectContaining({ code: "SESSION_INVALID", message: expect.stringContaining("another model") }),
  );
  expect(engine.pool).toMatchObject({ freePages });
  expect(engine.pool.snapshots.held).toBe(held);
});
