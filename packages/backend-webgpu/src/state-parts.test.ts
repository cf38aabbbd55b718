import { createCpuBackend } from "@krait/backend-cpu";
import { Program, planScratch, SEGMENT_COLUMNS, stateBytes } from "@krait/tensor";
import { type OpCase, opCases, runStep, stepDifferences } from "@krait/testing";
import { expect, test } from "vitest";
import { withAdapter } from "../test-support/adapter.ts";
import { createWebGPUBackend } from "./index.ts";
import { partsOf, splitStates } from "./state-parts.ts";

/** The states of a row of the op table that can be split, and the most that anything else of it takes. */
function sizesOf({ program, inputs }: OpCase) {
  const split = splitStates(program);
  const bytes = Object.entries(program.states).map(([name, spec]) => ({ name, bytes: stateBytes(spec) }));
  const others = bytes.filter(({ name }) => !split.has(name)).map((state) => state.bytes);
  return {
    states: bytes.filter(({ name }) => split.has(name)).map((state) => state.bytes),
    rest: Math.max(4096, ...planScratch(program, inputs.extents).buffers, ...others),
  };
}

/** The same with so many slots before those that it has, which puts these on both sides of a cut. */
function behindSlots(opCase: OpCase, slots: number): OpCase {
  const program = new Program({
    ...opCase.program,
    states: mapValues(opCase.program.states, (spec, name) =>
      name === recurrentOf(opCase) ? { ...spec, count: spec.count + slots } : spec,
    ),
  });
  const states = mapValues(opCase.inputs.states, (bytes, name) => {
    const wide = new Uint8Array(stateBytes(program.states[name]!));
    wide.set(bytes, wide.byteLength - bytes.byteLength);
    return wide;
  });
  const op = opCase.program.ops.find((each) => each.op === "ssmScan")!;
  const feeds = mapValues(opCase.inputs.feeds, (feed, name) => {
    if (name !== op.segment.feed) return feed;
    const moved = Int32Array.from(feed as Int32Array);
    for (const [index, slot] of moved.entries()) {
      if ([2, 3, 5].includes(index % SEGMENT_COLUMNS) && slot >= 0) moved[index] = slot + slots;
    }
    return moved;
  });
  return { ...opCase, program, inputs: { ...opCase.inputs, states, feeds } };
}

const recurrentOf = ({ program }: OpCase): string | undefined =>
  program.ops.find((each) => each.op === "ssmScan")?.recurrent.state;

function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  map: (value: T, name: string) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}

/** A scan of rows and one in chunks, whose state is cut within a slot; and pages of each kind, within a page. */
const cases = [
  ["ssmScan", "decode rows of three slots, out of order", 4200, 0],
  ["ssmScan", "marks after the first, a middle and the last row", 47_000, 20],
  ["attention", "a row with ten pages before it", 170_000, 0],
  ["writeKv", "one decode row, two pages on, f32", 15_000, 0],
  ["writeKv", "one decode row, two pages on, f16", 8_000, 0],
] as const;

await withAdapter("states in several buffers", () => {
  test.each(cases)(
    "are one state to %s: %s, in buffers of %i bytes",
    async (op, name, maxBufferBytes, slots) => {
      const found = opCases.find((each) => each.op === op && each.name === name)!;
      const opCase = slots > 0 ? behindSlots(found, slots) : found;
      const { states, rest } = sizesOf(opCase);
      expect(rest).toBeLessThanOrEqual(maxBufferBytes);
      for (const bytes of states) expect(partsOf(bytes, maxBufferBytes)).toBeGreaterThan(1);
      await using backend = await createWebGPUBackend({ maxBufferBytes });
      await using reference = await createCpuBackend();
      const got = await runStep(backend, opCase.program, opCase.inputs);
      const want = await runStep(reference, opCase.program, opCase.inputs);
      const differences = stepDifferences(opCase.program, opCase.inputs, want, got);
      expect(differences.filter(({ error }) => !(error <= opCase.tolerance))).toEqual([]);
    },
  );

  test("are written, copied, cleared and read as one", async () => {
    await using backend = await createWebGPUBackend({ maxBufferBytes: 512 });
    const [a, b] = [backend.allocate(1300, "a"), backend.allocate(2000, "b")];
    expect(backend.counters.buffers).toBe(7);
    const bytes = Uint8Array.from({ length: 1300 }, (_, i) => i % 251);
    a.write(0, bytes);
    backend.copy([{ source: a, sourceOffset: 4, target: b, targetOffset: 300, byteLength: 1200 }]);
    backend.copy([{ source: b, sourceOffset: 400, target: b, targetOffset: 1500, byteLength: 480 }]);
    b.clear(500, 24);
    const want = new Uint8Array(2000);
    want.set(bytes.subarray(4, 1204), 300);
    want.copyWithin(1500, 400, 880);
    want.fill(0, 500, 524);
    expect(await b.read()).toEqual(want);
    expect(await b.read(511, 1027)).toEqual(want.slice(511, 1538));
    for (const buffer of [a, b]) buffer[Symbol.dispose]();
    expect(backend.counters).toMatchObject({ buffers: 0, allocatedBytes: 0 });
  });

  test("are refused where a kernel has not so many bindings, before weights are loaded", async () => {
    const opCase = opCases.find(({ op, name }) => op === "ssmScan" && name === "the 9B's head")!;
    await using backend = await createWebGPUBackend({ maxBufferBytes: 60_000 });
    const { program, inputs } = opCase;
    const many = { ...program.states };
    for (const [name, spec] of Object.entries(many)) many[name] = { ...spec, count: 100 * spec.count };
    const larger = new Program({ ...program, states: many });
    await expect(backend.compile(larger, { largest: inputs.extents })).rejects.toMatchObject({
      code: "BUFFER_TOO_LARGE",
      message: expect.stringMatching(/op "ssmScan".* this adapter allows \d+\. Use fewer slots/),
    });
  });
});
