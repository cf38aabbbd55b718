import { opNames } from "@krait/tensor";
import { type OpCase, opCases, runStep } from "@krait/testing";
import { afterEach, describe, expect, test } from "vitest";
import { unnoticedBarriers } from "../test-support/unnoticed-barriers.ts";
import { orders, withEmulator } from "../test-support/with-emulator.ts";
import { createCudaBackend } from "./index.ts";

// The kernels of an op are those that the cases of the op table launch.
await withEmulator("threads", (emulator) => {
  /** The bytes of every value and state. */
  async function run({ program, inputs }: OpCase, order: number): Promise<Uint8Array> {
    emulator.setOrder(order);
    await using backend = await createCudaBackend({ library: emulator.library });
    const { values, states } = await runStep(backend, program, inputs);
    const all = [...Object.values(values), ...Object.values(states)];
    return Buffer.concat(
      all.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
    );
  }

  afterEach(() => {
    emulator.skipBarrier("", 0);
    emulator.setOrder(0);
    emulator.reset();
  });

  describe.each(opNames)("%s", (name) => {
    const cases = opCases.filter(({ op }) => op === name);

    test("gives the same bits in every order of threads", async () => {
      for (const opCase of cases) {
        const right = await run(opCase, 0);
        for (const order of orders.slice(1)) expect(await run(opCase, order)).toEqual(right);
      }
    });

    // A draw whose search goes wrong is made in order instead, and is right again: its own test sees that.
    if (name === "drawToken") return;
    test("gives other bits without any one of its barriers", async () => {
      const runs = cases.map((opCase) => (order: number) => run(opCase, order));
      expect(await unnoticedBarriers(emulator, runs)).toEqual([]);
    });
  });
});
