import type { Backend, DeviceBuffer } from "@krait/tensor";
import { wrapBackend } from "@krait/testing";
import { expect, test } from "vitest";
import { collect, tokensOf } from "../testing/generate.ts";
import { continuation, hashing, promptOf } from "../testing/hashing-script.ts";
import { scriptedModel } from "../testing/scripted-model.ts";
import { createEngine } from "./engine.ts";

type Call = "allocate" | "clear" | "copy" | "read" | "write";

/** A backend that asks before each call that it is given. */
function guarded(backend: Backend, ask: (call: Call) => void): Backend {
  return wrapBackend(backend, {
    copy(regions) {
      ask("copy");
      backend.copy(regions);
    },
    allocate(byteLength, label) {
      ask("allocate");
      const buffer = backend.allocate(byteLength, label);
      const own: Partial<DeviceBuffer> = {
        clear(offset, length) {
          ask("clear");
          buffer.clear(offset, length);
        },
        write(offset, bytes) {
          ask("write");
          buffer.write(offset, bytes);
        },
        async read(offset, length) {
          ask("read");
          return await buffer.read(offset, length);
        },
      };
      return { ...buffer, ...own };
    },
  });
}

test.each(["allocate", "clear", "copy", "read", "write"] as const)(
  "whichever %s of a backend fails, one request ends with it at most, and nothing is left behind",
  async (failing) => {
    const shared = promptOf(1, 70);
    const requests = [1, 2, 3].map((seed) => ({
      prompt: [...shared, ...promptOf(seed, 30)],
      maxTokens: 40,
      n: seed === 2 ? 2 : 1,
      snapshotAt: [70],
    }));
    const answers = requests.map(({ prompt }) => continuation(hashing, prompt, 40));
    let isPast = false;
    for (let at = 1; !isPast; at++) {
      const { model, backend } = await scriptedModel(hashing, { slots: 3, pages: 40, asDevice: true });
      let calls = Number.NEGATIVE_INFINITY;
      const ask = (call: Call): void => {
        if (call === failing && ++calls === at) throw new Error(`${call} fails`);
      };
      const engine = createEngine(model, guarded(backend, ask));
      calls = 0;
      const ends = await Promise.allSettled(
        requests.map(async (request, index) => {
          const events = tokensOf(await collect(engine.generate(request)));
          for (const { token, position } of events) {
            expect(token).toBe(answers[index]![position - request.prompt.length]);
          }
          expect(events).toHaveLength(40 * request.n);
        }),
      );
      const failures = ends.filter((end) => end.status === "rejected").map(({ reason }) => reason.message);
      expect(failures.slice(1)).toEqual([]);
      if (failures.length > 0) expect(failures).toEqual([`${failing} fails`]);
      const { stats, pool } = engine;
      const { entries, bytes } = stats.cache!;
      expect(stats).toMatchObject({ running: 0, queued: 0, slots: { free: 3 } });
      expect(pool.snapshots.held).toBe(entries);
      const held = stats.pages.total - stats.pages.free;
      expect(bytes).toBe(entries * pool.snapshots.byteLength + held * pool.pageBytes);
      isPast = calls < at;
    }
  },
);
