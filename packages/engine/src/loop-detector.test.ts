import fc from "fast-check";
import { expect, test } from "vitest";
import { generate, prompt, tokenizer } from "../testing/generate.ts";
import { LoopDetector } from "./loop-detector.ts";

/** How many tokens it took to notice; undefined when it never did. */
function noticedAfter(tokens: readonly number[], detector: LoopDetector): number | undefined {
  const index = tokens.findIndex((token) => detector.push(token));
  return index < 0 ? undefined : index + 1;
}

test("a run of tokens that stands there as often as it takes is noticed at once, and not before", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 2, max: 5 }),
      fc.array(fc.integer({ min: 1000, max: 9000 }), { maxLength: 30 }),
      (period, repeats, before) => {
        const varied = before.map((token, index) => 10_000 * index + token);
        const looped = Array.from({ length: 200 }, (_, index) => index % period);
        const detector = new LoopDetector({ repeats, longestPeriod: 10, tokens: 2 });
        const needed = Math.max(period * repeats, 2);
        expect(noticedAfter([...varied, ...looped], detector)).toBe(varied.length + needed);
      },
    ),
  );
});

test("a short run has to cover its number of tokens", () => {
  expect(noticedAfter(new Array(200).fill(7), new LoopDetector())).toBe(64);
});

test("text that says something again and again in other words is no loop", () => {
  const text = Array.from({ length: 40 }, (_, index) => `Item ${index} is done.`).join(" ");
  expect(noticedAfter(tokenizer.encode(text), new LoopDetector())).toBeUndefined();
});

test("an answer that loops ends with its own reason, and without the detector goes on", async () => {
  const looping = (tokens: readonly number[]): number => 300 + (tokens.length % 3);
  for (const loopDetector of [true, {}, { repeats: undefined, tokens: undefined }] as const) {
    const { finish } = await generate(looping, { loopDetector, maxTokens: 500 });
    expect(finish.finishReason).toBe("loop");
    expect(finish.usage.completionTokens).toBe(64);
  }
  const without = await generate(looping, { maxTokens: 500 });
  expect(without.finish).toMatchObject({ finishReason: "length", usage: { promptTokens: prompt.length } });
});
