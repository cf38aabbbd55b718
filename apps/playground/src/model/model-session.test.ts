import { describe, expect, test } from "vitest";
import { answerOf, type Load, scriptedHost, scriptedModel } from "../../test-support/scripted-model.ts";
import type { Capabilities } from "../capabilities/capabilities.ts";
import { defaultSettings } from "../settings/settings.ts";
import type { ModelState } from "../state/model-state.ts";
import { ModelSession } from "./model-session.ts";

const capabilities: Capabilities = {
  webgpu: "hardware",
  wasmSimd: true,
  crossOriginIsolated: true,
  privateFiles: true,
  sharedWorkers: true,
  offline: true,
};
const choice = { ...defaultSettings, backend: "webgpu", sharing: "never", capabilities } as const;
const source = { kind: "address", address: "org/name" } as const;

function sessionWith(...loads: readonly Parameters<typeof scriptedHost>[number][]) {
  const states: ModelState[] = [];
  const host = scriptedHost(...loads);
  return { session: new ModelSession(host, (state) => states.push(state)), states, host };
}

const model = () => scriptedModel("scripted", [answerOf("a")]);

/** A load that tells how far it is, and goes on until it is ended. */
const endless = ({ options: { onProgress, signal } }: Load) => {
  onProgress({ phase: "downloading", loadedBytes: 3, totalBytes: 9, bytesPerSecond: 1 });
  return new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
};

describe("a model", () => {
  test("is loaded on the next backend when one does not take it, and says so", async () => {
    const refusal = Object.assign(new Error("There is no adapter."), { code: "WEBGPU_UNAVAILABLE" });
    const { session, states, host } = sessionWith(
      () => Promise.reject(refusal),
      async () => model(),
    );
    await session.load(source, choice);
    expect(host.loads.map(({ options }) => options.backend)).toEqual(["webgpu", "wasm"]);
    expect(states.at(-1)).toMatchObject({
      status: "ready",
      facts: { notes: ["Not on webgpu: There is no adapter."] },
    });
  });

  test("has a worker of its own where that of all tabs lacks something, and says so", async () => {
    const refusal = Object.assign(new Error("There is no WebGPU in shared workers."), {
      code: "WEBGPU_UNAVAILABLE",
    });
    const { session, states, host } = sessionWith(
      () => Promise.reject(refusal),
      async () => model(),
    );
    await session.load(source, { ...choice, backend: "auto", sharing: "with a GPU" });
    expect(host.loads.map(({ options: { backend, shared } }) => [backend, shared])).toEqual([
      ["webgpu", true],
      ["auto", false],
    ]);
    expect(states.at(-1)).toMatchObject({
      status: "ready",
      facts: { shared: false, notShared: "There is no WebGPU in shared workers.", notes: [] },
    });
  });

  test("that is itself wrong is not tried on every backend", async () => {
    const wrong = Object.assign(new Error("This is no GGUF file."), { code: "WEIGHT_FILE_INVALID" });
    const { session, states, host } = sessionWith(() => Promise.reject(wrong));
    await session.load(source, choice);
    expect(host.loads).toHaveLength(1);
    expect(states.at(-1)).toEqual({ status: "failed", source, message: "This is no GGUF file." });
    expect(session.model).toBeUndefined();
  });

  test("that is paused says how far it was, and goes on when it is resumed", async () => {
    const { session, states, host } = sessionWith(endless, async () => model());
    const loaded = session.load(source, choice);
    await expect.poll(() => states.length).toBe(2);
    session.pause();
    await loaded;
    const progress = { phase: "downloading", loadedBytes: 3, totalBytes: 9, bytesPerSecond: 1 };
    expect(states.at(-1)).toEqual({ status: "paused", source, progress });
    await session.resume();
    expect(states.map(({ status }) => status)).toEqual(["loading", "loading", "paused", "loading", "ready"]);
    expect(host.loads[1]!.source).toBe(source);
  });

  test("makes way for another that is asked for while it loads", async () => {
    const { session, states } = sessionWith(endless, async () => model());
    const first = session.load(source, choice);
    await expect.poll(() => states.length).toBe(2);
    await session.load({ kind: "embedded" }, choice);
    await first;
    expect(states.at(-1)).toMatchObject({ status: "ready", source: { kind: "embedded" } });
  });

  test("is freed before another is loaded in its place", async () => {
    const first = model();
    const { session } = sessionWith(
      async () => first,
      async () => {
        expect(first.disposed).toBe(true);
        return model();
      },
    );
    await session.load(source, choice);
    await session.load(source, choice);
    expect(session.model).toBeDefined();
  });
});
