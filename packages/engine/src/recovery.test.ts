import { createCpuBackend } from "@krait/backend-cpu";
import { architectureOf, loadModel, type Model } from "@krait/models";
import { BackendLostError, type DeviceBuffer } from "@krait/tensor";
import { openFixture, watchBackend } from "@krait/testing";
import { describe, expect, test } from "vitest";
import { collect, tokensOf } from "../testing/generate.ts";
import { continuation, hashing, promptOf } from "../testing/hashing-script.ts";
import type { MemoryBuffer } from "../testing/memory-backend.ts";
import { type ScriptedModel, type ScriptedSizes, scriptedModel } from "../testing/scripted-model.ts";
import { createEngine } from "./engine.ts";
import type { EngineOptions } from "./engine-options.ts";
import { HostCopies } from "./host-copies.ts";

const sizes: ScriptedSizes = { slots: 3, rows: 64, pages: 200 };
/** What a copy of one sequence takes in the scripted model: its history, and a number for each position. */
const copyBytes = (length: number): number => 4 * (1 + 2049) + 4 * length;

/** Three answers to prompts of 1,000 tokens, whose device is lost when all have been read; then what was read again. */
async function readAgain(options: EngineOptions, asDevice = false) {
  let steps = 0;
  const model = await scriptedModel(hashing, {
    ...{ ...sizes, asDevice },
    beforeStep() {
      if (++steps === 70) throw new BackendLostError("scripted", "a test took it away");
    },
  });
  let second: ScriptedModel | undefined;
  const rebuild = async () => {
    second = await scriptedModel(hashing, { ...sizes, asDevice });
    return second;
  };
  const engine = createEngine(model.model, model.backend, { rebuild, ...options });
  const prompts = [1, 2, 3].map((seed) => promptOf(seed, 1000));
  const answers = await Promise.all(
    prompts.map(async (prompt) => tokensOf(await collect(engine.generate({ prompt, maxTokens: 60 })))),
  );
  for (const [index, prompt] of prompts.entries()) {
    expect(answers[index]!.map(({ token }) => token)).toEqual(continuation(hashing, prompt, 60));
  }
  expect(engine.stats).toMatchObject({ recoveries: 1, failed: 0, finished: 3, slots: { free: 3 } });
  const { recoveredTokens } = engine.stats;
  await engine.dispose();
  return { rows: second!.read.length, recoveredTokens };
}

describe("after the loss of a device", () => {
  const bytes = 3 * copyBytes(999);

  test.each([false, true])(
    "sequences go on from copies of their states, and only what follows is read again (as a device: %s)",
    async (asDevice) => {
      const recovery = { hostBytes: bytes };
      const { rows, recoveredTokens } = await readAgain({ recovery }, asDevice);
      expect(recoveredTokens).toBe(3 * 999);
      // The last token of each prompt, and its answer.
      expect(rows).toBeLessThanOrEqual(3 * 61);
    },
  );

  test("without copies everything is read again", async () => {
    const { rows, recoveredTokens } = await readAgain({ recovery: { hostBytes: 0 } });
    expect(recoveredTokens).toBe(0);
    expect(rows).toBeGreaterThanOrEqual(3 * 1000);
  });

  test("where there is room for two copies, two are made", async () => {
    const { rows, recoveredTokens } = await readAgain({ recovery: { hostBytes: bytes - 1 } });
    expect(recoveredTokens).toBe(2 * 999);
    expect(rows).toBeLessThanOrEqual(1000 + 3 * 61);
  });

  test("copies need no prefix cache, and are made unasked where the backend is a device", async () => {
    expect((await readAgain({ prefixCache: false }, true)).recoveredTokens).toBe(3 * 999);
    expect((await readAgain({ prefixCache: false }, false)).recoveredTokens).toBe(0);
  });
});

test("copies are given up least recently used first, and never take more than they may", async () => {
  const { model, backend } = await scriptedModel(hashing, { ...sizes, asDevice: true });
  const engine = createEngine(model, backend);
  const { pool } = engine;
  const sequence = pool.open();
  pool.extend(sequence, 300);
  const prompts = [1, 2, 3].map((seed) => promptOf(seed, 300));
  const copies = new HostCopies(2 * copyBytes(300));
  const lengthOf = (index: number) => copies.find(prompts[index]!, 1000)?.length;
  // All reads of a copy are asked for at once, and come in the next turn.
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  copies.add(prompts[0]!, pool, sequence);
  copies.add(prompts[1]!, pool, sequence);
  await settled();
  expect([lengthOf(1), lengthOf(0), lengthOf(2)]).toEqual([300, 300, undefined]);
  copies.add(prompts[2]!, pool, sequence);
  await settled();
  expect([lengthOf(0), lengthOf(1), lengthOf(2)]).toEqual([300, undefined, 300]);
  expect(copies.bytes).toBe(2 * copyBytes(300));
  // What is dropped before it is there does not come, and takes no room.
  copies.add(prompts[1]!, pool, sequence);
  copies.drop([...prompts[1]!]);
  copies.drop(prompts[0]!);
  await settled();
  expect([lengthOf(0), lengthOf(1), lengthOf(2)]).toEqual([undefined, undefined, 300]);
  expect(copies.bytes).toBe(copyBytes(300));
  // What a lost device was to give takes no room.
  copies.add(prompts[1]!, pool, sequence);
  copies.loseDevice();
  await settled();
  expect(lengthOf(1)).toBeUndefined();
  copies.add(prompts[1]!, pool, sequence);
  await settled();
  expect(lengthOf(1)).toBe(300);
  copies.drop(prompts[1]!);
  expect(lengthOf(1)).toBeUndefined();
  // Sooner read again than copied.
  copies.add(promptOf(4, 100), pool, sequence);
  await settled();
  expect(copies.find(promptOf(4, 100), 1000)).toBeUndefined();
});

test("copies that a failed step has left are not gone on from", async () => {
  let broken: "not yet" | "now" | "before" = "not yet";
  let stepsSince = 0;
  const first = await scriptedModel(hashing, {
    ...{ ...sizes, rows: 1024, asDevice: true },
    beforeStep({ parts }) {
      if (broken === "before" && ++stepsSince === 20)
        throw new BackendLostError("scripted", "a test took it");
      if (broken !== "not yet") return;
      const { byteLength, words } = engine.pool.buffers.history as MemoryBuffer;
      for (const { slot, tokens } of parts) {
        if (tokens.length < 299) continue;
        broken = "now";
        // As if a token had been read that nobody wrote.
        words.set([1, 777], slot * (byteLength / 4 / sizes.slots!));
      }
    },
  });
  const { model, backend } = first;
  const sample: Model["sample"] = {
    ...model.sample,
    bind(bindings) {
      const step = model.sample.bind(bindings);
      const token: DeviceBuffer = {
        ...step.outputs.token!,
        async read(offset, length) {
          if (broken !== "now") return await step.outputs.token!.read(offset, length);
          broken = "before";
          throw new Error("a kernel has failed");
        },
      };
      return { ...step, outputs: { ...step.outputs, token } };
    },
  };
  const rebuild = () => scriptedModel(hashing, { ...sizes, asDevice: true });
  const engine = createEngine({ ...model, sample }, backend, {
    rebuild,
    recovery: { hostBytes: 4 * copyBytes(300) },
  });
  const prompts = [promptOf(3, 20), promptOf(1, 300), promptOf(2, 300)];
  const answer = async (prompt: readonly number[]) =>
    tokensOf(await collect(engine.generate({ prompt, maxTokens: 60 }))).map(({ token }) => token);
  // The first draws in the step that reads the other two.
  const answers = [answer(prompts[0]!)];
  while (engine.stats.steps < 3) await new Promise((resolve) => setImmediate(resolve));
  answers.push(answer(prompts[1]!), answer(prompts[2]!));
  expect(await Promise.all(answers)).toEqual(prompts.map((prompt) => continuation(hashing, prompt, 60)));
  expect(broken).toBe("before");
  expect(engine.stats).toMatchObject({ recoveries: 1, failed: 0, finished: 3, recoveredTokens: 2 * 299 });
  await engine.dispose();
});

test("an answer that goes on from a copy is that of an undisturbed engine, in every bit of its logits", async () => {
  const fixture = await openFixture("tiny-a");
  const config = (await fixture.model.json("config.json")) as Record<string, unknown>;
  const open = async () => {
    const watched = watchBackend(await createCpuBackend());
    await using file = await fixture.model.weights();
    const options = { maxContext: 512, kvDtype: "f16" } as const;
    const model = await loadModel(architectureOf(config), file, watched.backend, options);
    return { watched, model, backend: watched.backend };
  };
  const first = await open();
  const made: (typeof first)[] = [];
  const engine = createEngine(first.model, first.backend, {
    recovery: { hostBytes: 2 ** 26 },
    async rebuild() {
      made.push(await open());
      return made.at(-1)!;
    },
  });
  const run = async (lossAfter?: number) => {
    const logits: Float32Array[] = [];
    const onLogits = (row: Float32Array): void => {
      logits.push(row.slice());
      if (logits.length === lossAfter) first.watched.lose();
    };
    const prompt = fixture.golden.integers("p300.ids");
    const sampling = { temperature: 0.9, repetitionPenalty: 1.2, seed: 5 };
    await collect(engine.generate({ prompt, maxTokens: 8, sampling, onLogits }));
    return logits;
  };
  const undisturbed = await run();
  const disturbed = await run(4);
  // The row whose token was lost on the way comes a second time.
  expect(disturbed.filter((row, index) => String(row) !== String(disturbed[index - 1]))).toEqual(undisturbed);
  expect(engine.stats).toMatchObject({ recoveries: 1, recoveredTokens: 299 });
  expect(made[0]!.watched.rows).toBeLessThan(10);
  await engine.dispose();
});

/** A model on a device some of whose steps fail when their tokens are read, from the first that reads so many rows of a prompt. */
async function failing(rows: number, failures = 1) {
  let left: number | undefined;
  let isFailing = false;
  const scripted = await scriptedModel(hashing, {
    ...{ ...sizes, asDevice: true },
    beforeStep({ parts }) {
      if (left === undefined && parts.some(({ tokens }) => tokens.length === rows)) left = failures;
      isFailing = left !== undefined && left-- > 0;
    },
  });
  const sample = scripted.model.sample as unknown as {
    bind(buffers: unknown): { outputs: Record<string, object> };
  };
  const bind = sample.bind.bind(sample);
  sample.bind = (buffers) => {
    const step = bind(buffers);
    const token = step.outputs.token as { read(...range: number[]): Promise<unknown> };
    const read = token.read.bind(token);
    token.read = (...range) => (isFailing ? Promise.reject(new Error("bad read")) : read(...range));
    return step;
  };
  return scripted;
}

test("what a step that failed has left is not kept, and nobody fails who had no part in it", async () => {
  const { model, backend, steps } = await failing(59);
  const engine = createEngine(model, backend);
  const run = async (seed: number, length: number, maxTokens: number) => {
    const events = await collect(engine.generate({ prompt: promptOf(seed, length), maxTokens }));
    expect(tokensOf(events).map(({ token }) => token)).toEqual(
      continuation(hashing, promptOf(seed, length), maxTokens),
    );
  };
  const first = run(1, 10, 40);
  while (steps.length < 5) await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([first, run(2, 60, 9)]);
  expect(engine.stats).toMatchObject({ failed: 0, finished: 2 });
  // Its states would have been found in the cache, had they been left there.
  const prompts = steps.flatMap(({ parts }) => parts.filter(({ tokens }) => tokens.length === 59));
  expect(prompts).toHaveLength(2);
});

test("a session whose reading failed half way is kept once, from the reading that went well", async () => {
  const { model, backend, steps } = await failing(59);
  const engine = createEngine(model, backend, { prefixCache: false });
  const other = collect(engine.generate({ prompt: promptOf(1, 10), maxTokens: 40 }));
  while (steps.length < 5) await new Promise((resolve) => setImmediate(resolve));
  using session = await engine.openSession(promptOf(2, 60));
  await other;
  expect(steps.flatMap(({ parts }) => parts.filter(({ tokens }) => tokens.length === 59))).toHaveLength(2);
  expect(engine.pool.snapshots.held).toBe(1);
  const events = await collect(session.generate({ maxTokens: 9 }));
  expect(tokensOf(events).map(({ token }) => token)).toEqual(continuation(hashing, promptOf(2, 60), 9));
});

test("a step that was under way behind one that failed takes nobody else along", async () => {
  const { model, backend, steps } = await failing(20, 2);
  const engine = createEngine(model, backend, { prefixCache: false });
  const bad = collect(engine.generate({ prompt: promptOf(1, 20), maxTokens: 30 }));
  await expect(bad).rejects.toThrow("bad read");
  expect(steps.length).toBeGreaterThan(0);
  const events = await collect(engine.generate({ prompt: promptOf(2, 40), maxTokens: 30 }));
  expect(tokensOf(events).map(({ token }) => token)).toEqual(continuation(hashing, promptOf(2, 40), 30));
});

test("the log-probabilities of a prompt come once, though it is read again", async () => {
  let steps = 0;
  const { model, backend } = await scriptedModel(hashing, {
    ...{ ...sizes, rows: 16, outputRows: 16 },
    beforeStep() {
      if (++steps === 4) throw new BackendLostError("scripted", "a test took it away");
    },
  });
  const engine = createEngine(model, backend, {
    rebuild: () => scriptedModel(hashing, { ...sizes, rows: 16, outputRows: 16 }),
  });
  const events = await collect(
    engine.generate({ prompt: promptOf(1, 100), maxTokens: 1, promptLogprobs: 1 }),
  );
  const scored = events.flatMap((event) =>
    event.type === "prompt-logprobs" ? event.tokens.map((_, index) => event.position + index) : [],
  );
  expect(scored).toEqual(Array.from({ length: 99 }, (_, index) => index + 1));
});
