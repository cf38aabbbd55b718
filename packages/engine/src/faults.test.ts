import { BackendLostError } from "@krait/tensor";
import { wrapBackend } from "@krait/testing";
import { expect, test } from "vitest";
import { collect, tokensOf } from "../testing/generate.ts";
import { continuation, hashing, promptOf } from "../testing/hashing-script.ts";
import { type ScriptedSizes, scriptedModel } from "../testing/scripted-model.ts";
import { createEngine, type Engine } from "./engine.ts";
import type { EngineOptions } from "./engine-options.ts";
import type { EngineEvent } from "./telemetry.ts";

const answer = async (engine: Engine, seed: number, maxTokens: number): Promise<number[]> =>
  tokensOf(await collect(engine.generate({ prompt: promptOf(seed, 50), maxTokens }))).map(
    ({ token }) => token,
  );

const expected = (seed: number, maxTokens: number): number[] =>
  continuation(hashing, promptOf(seed, 50), maxTokens);

/** An engine whose device is lost in the given step, in one of the ways in which that shows. */
async function losing(
  atStep: number,
  how: "in-run" | "in-read" | "in-silence",
  options: EngineOptions = {},
  asDevice = false,
) {
  let steps = 0;
  let lose: (error: BackendLostError) => void = () => {};
  const lost = new Promise<BackendLostError>((resolve) => {
    lose = resolve;
  });
  const error = new BackendLostError("scripted", "a test took it away");
  const sizes: ScriptedSizes = {
    slots: 3,
    asDevice,
    beforeStep() {
      if (++steps !== atStep) return;
      if (how === "in-run") throw error;
      gone = true;
      if (how === "in-silence") setImmediate(() => lose(error));
    },
  };
  let gone = false;
  const { model, backend } = await scriptedModel(hashing, sizes);
  const dead = wrapBackend(backend, {
    lost,
    allocate(bytes, label) {
      const buffer = backend.allocate(bytes, label);
      return buffer;
    },
  });
  // Outputs and states answer no more once the device is gone.
  const sample = model.sample as unknown as {
    bind: (buffers: unknown) => { outputs: Record<string, object> };
  };
  const bind = sample.bind.bind(sample);
  sample.bind = (buffers) => {
    const step = bind(buffers);
    for (const output of Object.values(step.outputs) as {
      read: (...range: number[]) => Promise<unknown>;
    }[]) {
      const read = output.read.bind(output);
      output.read = (...range) => {
        if (!gone) return read(...range);
        return how === "in-silence" ? new Promise(() => {}) : Promise.reject(error);
      };
    }
    return step;
  };
  const events: EngineEvent[] = [];
  const engine = createEngine(model, dead, { onEvent: (event) => void events.push(event), ...options });
  return { engine, events, error };
}

const ways = ["in-run", "in-read", "in-silence"] as const;

test.each(ways)("a device lost %s ends all requests, and those to come, with the cause", async (how) => {
  const { engine, error } = await losing(10, how);
  const answers = await Promise.allSettled([1, 2, 3, 4].map((seed) => answer(engine, seed, 40)));
  for (const each of answers) {
    expect(each).toMatchObject({ status: "rejected", reason: { code: "ENGINE_LOST", cause: error } });
  }
  expect(() => engine.generate({ prompt: [20] })).toThrow(expect.objectContaining({ code: "ENGINE_LOST" }));
  expect(engine.stats).toMatchObject({ failed: 4, running: 0, queued: 0 });
  await engine.dispose();
});

test.each(ways.flatMap((how) => [false, true].map((asDevice) => [how, asDevice] as const)))(
  "with a device made again every stream goes on where it was (lost %s, looking ahead: %s)",
  async (how, asDevice) => {
    for (const atStep of [1, 2, 7, 30]) {
      let rebuilt = 0;
      const rebuild = async () => {
        rebuilt++;
        return await scriptedModel(hashing, { slots: 3, asDevice });
      };
      const { engine, events } = await losing(atStep, how, { rebuild }, asDevice);
      const answers = await Promise.all([1, 2, 3, 4].map((seed) => answer(engine, seed, 40)));
      for (const [index, each] of answers.entries()) expect(each).toEqual(expected(index + 1, 40));
      expect(rebuilt).toBe(1);
      expect(engine.stats).toMatchObject({ recoveries: 1, failed: 0, finished: 4, slots: { free: 3 } });
      expect(events.filter(({ type }) => type.startsWith("backend-")).map(({ type }) => type)).toEqual([
        "backend-lost",
        "backend-rebuilt",
      ]);
      await engine.dispose();
    }
  },
);

test("an idle engine whose device is lost makes it again, too", async () => {
  let lose: (error: BackendLostError) => void = () => {};
  const lost = new Promise<BackendLostError>((resolve) => {
    lose = resolve;
  });
  const { model, backend } = await scriptedModel(hashing);
  const engine = createEngine(model, wrapBackend(backend, { lost }), {
    rebuild: () => scriptedModel(hashing),
  });
  lose(new BackendLostError("scripted", "a test took it away"));
  await expect.poll(() => engine.stats.recoveries).toBe(1);
  expect(await answer(engine, 1, 5)).toEqual(expected(1, 5));
});

test("an idle engine makes its device again as often as it is lost", async () => {
  let lose: (error: BackendLostError) => void = () => {};
  const open = async () => {
    const { model, backend } = await scriptedModel(hashing);
    const lost = new Promise<BackendLostError>((resolve) => {
      lose = resolve;
    });
    return { model, backend: wrapBackend(backend, { lost }) };
  };
  const { model, backend } = await open();
  const engine = createEngine(model, backend, { rebuild: open });
  for (let times = 1; times <= 6; times++) {
    lose(new BackendLostError("scripted", "a test took it away"));
    await expect.poll(() => engine.stats).toMatchObject({ recoveries: times, state: "ready" });
  }
  expect(await answer(engine, 1, 5)).toEqual(expected(1, 5));
});

test("a device that is gone as soon as it is made is made again, too", async () => {
  const error = new BackendLostError("scripted", "a test took it away");
  let made = 0;
  const rebuild = async () => {
    const { model, backend } = await scriptedModel(hashing, { asDevice: true });
    if (++made > 1) return { model, backend };
    // It says that it is lost, and nothing else ever.
    const silent = (byteLength: number, label: string) => ({
      ...backend.allocate(byteLength, label),
      read: () => new Promise<Uint8Array>(() => {}),
    });
    return { model, backend: wrapBackend(backend, { lost: Promise.resolve(error), allocate: silent }) };
  };
  const { engine } = await losing(5, "in-run", { rebuild }, true);
  expect(await answer(engine, 1, 20)).toEqual(expected(1, 20));
  expect(made).toBe(2);
  expect(engine.stats).toMatchObject({ recoveries: 2, state: "ready" });
});

test("a model that cannot be made again ends the engine with the reason", async () => {
  const reason = new Error("no adapter");
  const { engine } = await losing(5, "in-run", { rebuild: () => Promise.reject(reason) });
  await expect(answer(engine, 1, 40)).rejects.toMatchObject({ code: "ENGINE_LOST", cause: reason });
});

test.each([false, true])(
  "of a step that fails, only the request whose own step fails ends (looking ahead: %s)",
  async (asDevice) => {
    const poison = 1999;
    for (const at of [0, 20, 45]) {
      const { model, backend, steps } = await scriptedModel(hashing, {
        rows: 16,
        asDevice,
        beforeStep({ parts }) {
          if (parts.some(({ tokens }) => tokens.includes(poison))) throw new Error("bad row");
        },
      });
      const engine = createEngine(model, backend, { prefixCache: false });
      const bad = collect(engine.generate({ prompt: promptOf(2, 50).toSpliced(at, 1, poison) }));
      const answers = [answer(engine, 1, 30), answer(engine, 3, 30)];
      await expect(bad).rejects.toThrow("bad row");
      expect(await Promise.all(answers)).toEqual([expected(1, 30), expected(3, 30)]);
      expect(engine.stats).toMatchObject({ failed: 1, finished: 2, slots: { free: 4 }, pages: { free: 80 } });
      expect(steps.length).toBeLessThan(80);
    }
  },
);

test("a device without memory for a snapshot answers all the same, and says so", async () => {
  const { model, backend } = await scriptedModel(hashing);
  const full = wrapBackend(backend, {
    allocate(bytes, label) {
      if (label === "snapshot") throw new Error("out of memory");
      return backend.allocate(bytes, label);
    },
  });
  const warnings: string[] = [];
  const onEvent = (event: EngineEvent): void => {
    if (event.type === "warning") warnings.push(event.code);
  };
  const engine = createEngine(model, full, { onEvent });
  expect(await answer(engine, 1, 5)).toEqual(expected(1, 5));
  expect(warnings).toContain("PREFIX_CACHE_SNAPSHOT_FAILED");
  expect(engine.pool.snapshots.held).toBe(0);
  await expect(engine.openSession(promptOf(2, 40))).rejects.toThrow("out of memory");
});

test("a callback that throws ends its own request", async () => {
  const { model, backend } = await scriptedModel(hashing);
  const engine = createEngine(model, backend);
  const broken = collect(
    engine.generate({
      prompt: promptOf(9, 10),
      onLogits: () => {
        throw new Error("mine");
      },
    }),
  );
  await expect(broken).rejects.toThrow("mine");
  expect(await answer(engine, 1, 5)).toEqual(expected(1, 5));
});

test("a request that takes every device with it ends, and the others go on", async () => {
  const poison = 1999;
  for (const asDevice of [false, true]) {
    let lost = 0;
    const open = () =>
      scriptedModel(hashing, {
        rows: 16,
        asDevice,
        beforeStep({ parts }) {
          if (!parts.some(({ tokens }) => tokens.includes(poison))) return;
          lost++;
          throw new BackendLostError("scripted", "a row that it does not survive");
        },
      });
    const { model, backend } = await open();
    const engine = createEngine(model, backend, { rebuild: open });
    const bad = collect(engine.generate({ prompt: promptOf(2, 50).toSpliced(20, 1, poison) }));
    const answers = [answer(engine, 1, 30), answer(engine, 3, 30)];
    await expect(bad).rejects.toMatchObject({ code: "BACKEND_LOST" });
    expect(await Promise.all(answers)).toEqual([expected(1, 30), expected(3, 30)]);
    expect(lost).toBe(2);
    expect(engine.stats).toMatchObject({ state: "ready", recoveries: 2, failed: 1, finished: 2 });
    await engine.dispose();
  }
});

test("when no backend lasts for a step, the engine gives up and says so", async () => {
  let made = 0;
  const open = () => {
    made++;
    return scriptedModel(hashing, {
      beforeStep() {
        throw new BackendLostError("scripted", "it is broken");
      },
    });
  };
  const { model, backend } = await open();
  const engine = createEngine(model, backend, { rebuild: open });
  const answers = await Promise.allSettled([1, 2, 3, 4, 5, 6].map((seed) => answer(engine, seed, 5)));
  expect(answers.filter(({ status }) => status === "fulfilled")).toEqual([]);
  expect(answers.at(-1)).toMatchObject({
    reason: { code: "ENGINE_LOST", message: expect.stringContaining("4 times in a row") },
  });
  expect(made).toBe(4);
  expect(engine.stats.state).toBe("lost");
});
