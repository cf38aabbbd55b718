import fc from "fast-check";
import { expect, test } from "vitest";
import { type Candidate, outputsOf, planBatch } from "./batch-plan.ts";

const limits = { rows: 64, segments: 8, outputRows: 8, prefillRows: 64 };
const decoding: Candidate = { rows: 1, isDecoding: true, outputs: "last" };
const prompt = (rows: number): Candidate => ({ rows, isDecoding: false, outputs: "last" });

test("answers get their row first, and prompts share the rest evenly", () => {
  expect(planBatch([prompt(100), decoding, prompt(100), decoding], limits)).toEqual([31, 1, 31, 1]);
});

test("what a short prompt does not need goes to the long one", () => {
  expect(planBatch([prompt(100), prompt(4)], limits)).toEqual([60, 4]);
});

test("prompts take no more rows than answers are to wait for, and one at least", () => {
  expect(planBatch([decoding, prompt(100)], { ...limits, prefillRows: 10 })).toEqual([1, 10]);
  expect(planBatch([prompt(100)], { ...limits, prefillRows: 10 })).toEqual([64]);
  const many = Array.from({ length: 9 }, () => decoding);
  expect(planBatch([...many, prompt(5)], { ...limits, rows: 8 }).at(-1)).toBe(1);
});

test("a step never has more rows, sequences or outputs than it may, and somebody always gets on", () => {
  const candidate = fc.oneof(
    fc.constant(decoding),
    fc.record({
      rows: fc.integer({ min: 1, max: 90 }),
      isDecoding: fc.constant(false),
      outputs: fc.constantFrom("all" as const, "last" as const, "none" as const),
    }),
  );
  const sizes = fc.record({
    rows: fc.integer({ min: 1, max: 64 }),
    segments: fc.integer({ min: 1, max: 9 }),
    outputRows: fc.integer({ min: 1, max: 9 }),
    prefillRows: fc.integer({ min: 1, max: 64 }),
  });
  fc.assert(
    fc.property(fc.array(candidate, { minLength: 1, maxLength: 12 }), sizes, (candidates, limits) => {
      const granted = planBatch(candidates, limits);
      const sum = (counts: number[]): number => counts.reduce((a, b) => a + b, 0);
      expect(sum(granted)).toBeLessThanOrEqual(limits.rows);
      expect(granted.filter((rows) => rows > 0).length).toBeLessThanOrEqual(limits.segments);
      const outputs = candidates.map((each, index) => outputsOf(each, granted[index]!));
      expect(sum(outputs)).toBeLessThanOrEqual(limits.outputRows);
      for (const [index, each] of candidates.entries()) {
        expect(granted[index]).toBeGreaterThanOrEqual(0);
        expect(granted[index]).toBeLessThanOrEqual(each.rows);
      }
      expect(sum(granted)).toBeGreaterThan(0);
    }),
    { numRuns: 500 },
  );
});

test("whatever a step has room for, nobody waits longer than for a turn of everybody else", () => {
  const sizes = fc.record({
    rows: fc.integer({ min: 1, max: 12 }),
    segments: fc.integer({ min: 1, max: 6 }),
    outputRows: fc.integer({ min: 1, max: 6 }),
    prefillRows: fc.integer({ min: 1, max: 12 }),
  });
  fc.assert(
    fc.property(fc.nat(6), fc.nat(6), sizes, (decoders, prompts, limits) => {
      const servedAt = new Array<number>(decoders + prompts).fill(0);
      /** What is left of each prompt; a new one takes the place of one that has been read, and most are short. */
      const left = servedAt.map((_, index) => (index === decoders ? 400 : 1 + (index % 3)));
      for (let step = 1; step <= 120; step++) {
        const order = servedAt.map((_, index) => index).sort((a, b) => servedAt[a]! - servedAt[b]! || a - b);
        const candidates = order.map((index) =>
          index < decoders ? decoding : { rows: left[index]!, isDecoding: false, outputs: "last" as const },
        );
        const granted = planBatch(candidates, limits);
        for (const [place, index] of order.entries()) {
          if (granted[place] === 0) continue;
          servedAt[index] = step;
          if (index >= decoders) left[index] = left[index]! - granted[place]! || 1 + (step % 3);
        }
        expect(step - Math.min(step, ...servedAt)).toBeLessThanOrEqual(decoders + prompts);
      }
    }),
    { numRuns: 200 },
  );
});
