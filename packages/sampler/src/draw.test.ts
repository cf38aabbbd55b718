import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drawToken } from "./draw.ts";
import { exponential } from "./exponential.ts";
import { FallingLogits } from "./falling-logits.ts";

/** The definition, word for word: sort everything, cut, add up. */
function drawBySorting(
  logits: Float32Array,
  { temperature, topK, topP, minP }: Parameters<typeof drawToken>[2],
  u: number,
): number {
  const largest = Math.max(...logits);
  const all = [...logits].map((logit, token) => ({
    token,
    logit,
    weight: exponential((logit - largest) / temperature),
  }));
  const sum = (list: typeof all) => list.reduce((total, { weight }) => total + weight, 0);
  const sorted = all
    .filter(({ logit }) => logit > -Infinity)
    .sort((a, b) => b.logit - a.logit || a.token - b.token);

  const topKept = topK > 0 ? sorted.slice(0, topK) : sorted;
  const mass = topK > 0 ? sum(topKept) : sum(all);
  const massKept = topP < 1 ? topKept.filter((_, i) => sum(topKept.slice(0, i)) < topP * mass) : topKept;
  const kept = massKept.filter(({ weight }) => weight >= minP);
  const total = kept === sorted || kept.length === all.length ? sum(all) : sum(kept);
  return kept.find((_, i) => sum(kept.slice(0, i + 1)) > u * total)!.token;
}

describe("drawToken", () => {
  const logit = fc.oneof(
    { weight: 4, arbitrary: fc.float({ min: -20, max: 20, noNaN: true }) },
    { weight: 2, arbitrary: fc.integer({ min: -2, max: 2 }) },
    { weight: 1, arbitrary: fc.constant(-Infinity) },
  );
  const settings = fc.record({
    temperature: fc.oneof(fc.constant(1), fc.float({ min: Math.fround(0.01), max: 5, noNaN: true })),
    topK: fc.integer({ min: 0, max: 12 }),
    topP: fc.oneof(fc.constant(1), fc.float({ min: Math.fround(0.001), max: 1, noNaN: true })),
    minP: fc.oneof(fc.constant(0), fc.float({ min: 0, max: 1, noNaN: true })),
  });
  const uniform = fc.integer({ min: 0, max: 2 ** 24 - 1 }).map((bits) => bits / 2 ** 24);
  const row = fc
    .array(logit, { minLength: 1, maxLength: 40 })
    .map((values) => Float32Array.from(values))
    .filter((values) => values.some((value) => value > -Infinity));

  test("chooses what sorting the whole vocabulary chooses", () => {
    const order = new FallingLogits();
    fc.assert(
      fc.property(row, settings, uniform, (logits, options, u) => {
        const chosen = drawToken(logits, Math.max(...logits), options, u, order);
        expect(chosen).toBe(drawBySorting(logits, options, u));
      }),
      { numRuns: 3000 },
    );
  });

  const probabilities = [0.5, 0.3, 0.15, 0.05];
  const logits = Float32Array.from(probabilities, Math.log);
  const everythingDrawn = (options: Partial<Parameters<typeof drawToken>[2]>) => {
    const settings = { temperature: 1, topK: 0, topP: 1, minP: 0, ...options };
    const drawn = new Set<number>();
    for (let i = 0; i < 1000; i++) {
      drawn.add(drawToken(logits, logits[0]!, settings, i / 1000, new FallingLogits()));
    }
    return [...drawn].sort();
  };

  test("top-k keeps the k most likely tokens", () => {
    expect(everythingDrawn({ topK: 1 })).toEqual([0]);
    expect(everythingDrawn({ topK: 3 })).toEqual([0, 1, 2]);
    expect(everythingDrawn({ topK: 99 })).toEqual([0, 1, 2, 3]);
  });

  test("top-p keeps the token that crosses the mass, and none after it", () => {
    expect(everythingDrawn({ topP: 0.49 })).toEqual([0]);
    expect(everythingDrawn({ topP: 0.51 })).toEqual([0, 1]);
    expect(everythingDrawn({ topP: 0.94 })).toEqual([0, 1, 2]);
    expect(everythingDrawn({ topP: 0.96 })).toEqual([0, 1, 2, 3]);
  });

  test("top-p counts the mass that top-k kept", () => {
    expect(everythingDrawn({ topK: 2, topP: 0.6 })).toEqual([0]); // 0.5 of 0.8 is 0.625
    expect(everythingDrawn({ topP: 0.6 })).toEqual([0, 1]);
  });

  test("min-p keeps tokens by their share of the most likely one", () => {
    expect(everythingDrawn({ minP: 0.59 })).toEqual([0, 1]);
    expect(everythingDrawn({ minP: 0.29 })).toEqual([0, 1, 2]);
  });

  test("the number u falls into intervals as wide as the probabilities, the most likely first", () => {
    const settings = { temperature: 1, topK: 0, topP: 1, minP: 0 };
    const at = (u: number) => drawToken(logits, logits[0]!, settings, u, new FallingLogits());
    expect([0, 0.499, 0.501, 0.799, 0.801, 0.949, 0.951, 0.9999].map(at)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  });
});
