import type { DType } from "@krait/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { POSITIONS_PER_SLOT, SmallModel, VOCABULARY } from "../test-support/small-model.ts";
import { createCpuBackend } from "./index.ts";

// On this backend equal means the same bits.
const load = async (kvDtype?: DType) => SmallModel.load(await createCpuBackend(), kvDtype);
const tokens = (count: number, seed: number) =>
  Array.from({ length: count }, (_, i) => (seed + i * i) % VOCABULARY);
const join = (parts: readonly Float32Array[]) => parts.flatMap((part) => [...part]);

const A = tokens(70, 1);
const B = tokens(41, 5);

describe.each(["f32", "f16", "bf16"] as const)("with %s keys and values", (kvDtype) => {
  test("a prompt in chunks of any lengths equals the whole prompt", async () => {
    const whole = await load(kvDtype);
    const [expected] = await whole.run([{ slot: 0, start: 0, tokens: A }]);
    const expectedState = await whole.slot(0);

    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 33 }), { maxLength: 40 }), async (lengths) => {
        const chunked = await load(kvDtype);
        const logits: Float32Array[] = [];
        let calls = 0;
        for (let start = 0; start < A.length; ) {
          const length = Math.min(lengths[calls++] ?? 1, A.length - start);
          logits.push(...(await chunked.run([{ slot: 0, start, tokens: A.slice(start, start + length) }])));
          start += length;
        }
        expect(join(logits)).toEqual([...expected!]);
        expect(await chunked.slot(0)).toEqual(expectedState);
      }),
      { numRuns: 15 },
    );
  });
});

test("the first token reaches the last row's logits, so these equalities compare something", async () => {
  const model = await load();
  const [a] = await model.run([{ slot: 0, start: 0, tokens: A }]);
  const [b] = await model.run([{ slot: 1, start: 0, tokens: [A[0]! + 1, ...A.slice(1)] }]);
  expect([...a!.slice(-VOCABULARY)]).not.toEqual([...b!.slice(-VOCABULARY)]);
});

test("sequences that share steps equal each alone, in whatever slots", async () => {
  const alone = await load();
  const [a] = await alone.run([{ slot: 0, start: 0, tokens: A }]);
  const [b] = await alone.run([{ slot: 1, start: 0, tokens: B }]);

  const together = await load();
  const first = await together.run([
    { slot: 2, start: 0, tokens: B.slice(0, 20) },
    { slot: 1, start: 0, tokens: A.slice(0, 40) },
  ]);
  const second = await together.run([
    { slot: 1, start: 40, tokens: A.slice(40) },
    { slot: 2, start: 20, tokens: B.slice(20) },
  ]);
  expect(join([first[1]!, second[0]!])).toEqual([...a!]);
  expect(join([first[0]!, second[1]!])).toEqual([...b!]);
});

test("running again from the same states equals the first run", async () => {
  const model = await load();
  const [first] = await model.run([{ slot: 0, start: 0, tokens: A }]);
  for (const [name, bytes] of Object.entries(await model.slot(3))) model.states[name]!.write(0, bytes);
  const [again] = await model.run([{ slot: 0, start: 0, tokens: A }]);
  expect(again).toEqual(first);
});

test("continuing from the state after a mark row equals never having stopped", async () => {
  const model = await load();
  const [whole] = await model.run([{ slot: 0, start: 0, tokens: A, mark: [29, 3] }]);
  const [rest] = await model.run([{ slot: 0, start: 30, tokens: A.slice(30), readSlot: 3 }]);
  expect([...rest!]).toEqual([...whole!.subarray(30 * VOCABULARY)]);
});

test("a fork that diverges equals two sequences", async () => {
  const model = await load();
  await model.run([{ slot: 0, start: 0, tokens: A.slice(0, 32) }]); // one whole page
  const shared = Int32Array.of(0, 3, 4);
  model.states.pageTable!.write(shared.byteLength, new Uint8Array(shared.buffer));
  const [fork] = await model.run([{ slot: 1, start: 32, tokens: B, readSlot: 0 }]);
  const [parent] = await model.run([{ slot: 0, start: 32, tokens: A.slice(32) }]);

  const alone = await load();
  const [expectedParent] = await alone.run([{ slot: 0, start: 0, tokens: A }]);
  const [expectedFork] = await alone.run([{ slot: 2, start: 0, tokens: [...A.slice(0, 32), ...B] }]);
  expect([...parent!]).toEqual([...expectedParent!.subarray(32 * VOCABULARY)]);
  expect([...fork!]).toEqual([...expectedFork!.subarray(32 * VOCABULARY)]);
});

test("padding rows and padding segments change nothing", async () => {
  const model = await load();
  const [expected] = await model.run([{ slot: 0, start: 0, tokens: B }]);
  const padded = await load();
  const [logits] = await padded.run([
    { slot: 0, start: 0, tokens: B },
    { slot: -1, start: 0, tokens: [] },
  ]);
  expect(logits).toEqual(expected);
  expect(await padded.slot(0)).toEqual(await model.slot(0));

  const rows = 3;
  padded.step.run(
    { rows, segments: 1, longestSegment: 1, context: B.length + 1, outputRows: 2 },
    {
      token: Int32Array.of(4, -1, 7),
      slot: Int32Array.of(0, -1, -1),
      position: Int32Array.of(B.length, -1, 500),
      generated: new Int32Array(rows),
      segment: Int32Array.of(0, 1, 0, 0, -1, -1),
      outputRow: Int32Array.of(0, -1),
    },
  );
  const [next] = await model.run([{ slot: 0, start: B.length, tokens: [4] }]);
  const bytes = await padded.step.outputs.logits!.read(0, 4 * VOCABULARY);
  expect([...new Float32Array(bytes.buffer)]).toEqual([...next!]);
  expect(await padded.slot(0)).toEqual(await model.slot(0));
});

test("the chunked scan agrees with the recurrence to 1e-5", async () => {
  const chunked = await SmallModel.load(await createCpuBackend({ scan: "chunked" }));
  const [expected] = await (await load()).run([{ slot: 0, start: 0, tokens: A }]);
  const [actual] = await chunked.run([{ slot: 0, start: 0, tokens: A }]);
  const largest = Math.max(...expected!.map(Math.abs));
  for (const [i, logit] of actual!.entries()) {
    expect(Math.abs(logit - expected![i]!)).toBeLessThanOrEqual(1e-5 * largest);
  }
});

test("a sequence may fill all of its pages", async () => {
  const model = await load();
  const long = tokens(POSITIONS_PER_SLOT, 3);
  await model.run([{ slot: 0, start: 0, tokens: long.slice(0, 80) }]);
  const [logits] = await model.run([{ slot: 0, start: 80, tokens: long.slice(80) }]);
  expect(logits!.every(Number.isFinite)).toBe(true);
});
