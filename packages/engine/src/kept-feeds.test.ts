import { createSampler } from "@krait/sampler";
import fc from "fast-check";
import { expect, test } from "vitest";
import { certainToken, SampleRows, samplingFeeds } from "./sampling-feeds.ts";
import type { Sequence } from "./state-pool.ts";
import { StepRows } from "./step-feeds.ts";

const MAX_BIASES = 2;
const MASK_WORDS = 3;
const sequences = [0, 1, 2].map((slot): Sequence => ({ kind: "sequence", slot, length: 0, pages: [] }));
const settings = [0, 0.5].map((temperature) =>
  samplingFeeds(createSampler({ temperature, logitBias: new Map([[5, temperature]]) }).options, MAX_BIASES),
);

/** Few enough of everything that steps are often like the one before. */
const part = fc.record({
  sequence: fc.constantFrom(...sequences),
  tokens: fc.constantFrom([-1], [7], [7, 8]),
  generated: fc.boolean(),
  outputs: fc.constantFrom(0, 1, 1, 1),
  start: fc.nat(3),
});
const least = fc.constantFrom({}, { rows: 7, context: 50 }, { segments: 4 }, { outputRows: 4 });
const row = fc.record({
  sequence: fc.constantFrom(...sequences),
  feeds: fc.constantFrom(...settings),
  isCertain: fc.constantFrom(false, false, false, true),
  position: fc.nat(3),
  mask: fc.constantFrom(null, null, undefined, Uint32Array.of(1, 2, 3), Uint32Array.of(4, 5, 6, 7)),
});

/** Each step once more: the same rows at other positions are what is kept. */
const twice = <T>(steps: readonly T[]): T[] => steps.flatMap((step) => [step, step]);

test("rows of steps are laid out as if there had been no step before", () => {
  const step = fc.record({ parts: fc.array(part, { minLength: 1, maxLength: 3 }), least, leastAfter: least });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
      const kept = new StepRows();
      for (const [index, step] of twice(steps).entries()) {
        const { parts } = step;
        const least = index % 2 === 0 ? step.least : step.leastAfter;
        const starts = parts.map(({ start }) => start + index);
        expect(kept.join([...parts], starts, least)).toEqual(new StepRows().join(parts, starts, least));
      }
    }),
  );
});

test("rows of logits are laid out as if there had been no step before", () => {
  const step = fc.record({ rows: fc.array(row, { minLength: 1, maxLength: 3 }), padding: fc.nat(1) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
      const kept = new SampleRows(MAX_BIASES, MASK_WORDS);
      for (const [index, { rows, padding }] of twice(steps).entries()) {
        const given = rows.map(({ isCertain, ...each }) => ({
          ...each,
          top: undefined,
          position: each.position + index,
          feeds: isCertain ? certainToken(index, MAX_BIASES) : each.feeds,
        }));
        const anew = new SampleRows(MAX_BIASES, MASK_WORDS).join(given, rows.length + padding);
        expect(kept.join(given, rows.length + padding)).toEqual(anew);
      }
    }),
  );
});

test("what does not change from step to step is not laid out again", () => {
  const parts = [{ sequence: sequences[1]!, tokens: [-1], generated: true, outputs: 1 }];
  const rows = new StepRows();
  const [first, second] = [4, 5].map((start) => rows.join(parts, [start]).feeds);
  expect(second!.position).toEqual(Int32Array.of(5));
  for (const name of ["slot", "generated", "segment", "outputRow"]) expect(second![name]).toBe(first![name]);
  const sampled = new SampleRows(MAX_BIASES, MASK_WORDS);
  const [third, fourth] = [5, 6].map((position) =>
    sampled.join([{ sequence: sequences[1]!, feeds: settings[0]!, position, top: undefined }], 1),
  );
  expect(fourth!.position).toEqual(Int32Array.of(6));
  for (const name of ["slot", "setting", "choice", "biasToken", "biasValue"]) {
    expect(fourth![name]).toBe(third![name]);
  }
});
