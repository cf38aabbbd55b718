import { describe, expect, test } from "vitest";
import { recommendedSampling } from "./presets.ts";
import { createSampler } from "./sampler.ts";
import { createTokenHistory } from "./token-history.ts";

/** The 0.999 quantile of the chi-square distribution by degrees of freedom. */
const CHI_SQUARE_LIMIT: Readonly<Record<number, number>> = { 2: 13.816, 3: 16.266, 7: 24.322 };

function chiSquare(counts: readonly number[], probabilities: readonly number[], draws: number): number {
  return counts.reduce(
    (sum, count, i) => sum + (count - draws * probabilities[i]!) ** 2 / (draws * probabilities[i]!),
    0,
  );
}

function softmax(logits: readonly number[], temperature = 1): number[] {
  const weights = logits.map((logit) => Math.exp(logit / temperature));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** A permutation of 0 … n − 1 that is the same every time. */
function shuffled(n: number): number[] {
  const ids = Array.from({ length: n }, (_, i) => i);
  let state = 1;
  for (let i = n - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [ids[i], ids[j]] = [ids[j]!, ids[i]!];
  }
  return ids;
}

const LOGITS = [2, 1.5, 1, 0.5, 0, -0.5, -1, -2];

describe("greedy", () => {
  const greedy = createSampler({ temperature: 0 });

  test("takes the largest logit", () => {
    expect(greedy.sample(Float32Array.of(-3, -1, -2), { position: 0 })).toEqual({ token: 1 });
  });

  test("takes the lower id among equals", () => {
    expect(greedy.sample(Float32Array.of(1, 5, 5, 5), { position: 0 }).token).toBe(1);
    expect(greedy.sample(Float32Array.of(-0, 0), { position: 0 }).token).toBe(0);
  });
});

describe("sampling", () => {
  const draws = 40_000;
  const countsOf = (options: Parameters<typeof createSampler>[0], logits: readonly number[]) => {
    const sampler = createSampler({ seed: 2024, ...options });
    const row = Float32Array.from(logits);
    const counts = logits.map(() => 0);
    for (let position = 0; position < draws; position++) counts[sampler.sample(row, { position }).token]!++;
    return counts;
  };

  test.each([0.6, 1, 1.7])("at temperature %f draws tokens as often as softmax says", (temperature) => {
    const statistic = chiSquare(countsOf({ temperature }, LOGITS), softmax(LOGITS, temperature), draws);
    expect(statistic).toBeLessThan(CHI_SQUARE_LIMIT[7]!);
  });

  test("with top-k draws the kept tokens in proportion", () => {
    const counts = countsOf({ topK: 4 }, LOGITS);
    expect(counts.slice(4)).toEqual([0, 0, 0, 0]);
    const statistic = chiSquare(counts.slice(0, 4), softmax(LOGITS.slice(0, 4)), draws);
    expect(statistic).toBeLessThan(CHI_SQUARE_LIMIT[3]!);
  });

  test("with top-p draws the kept tokens in proportion", () => {
    const counts = countsOf({ topP: 0.7 }, LOGITS); // the first three have 0.40, 0.65 and 0.80 of the mass
    expect(counts.slice(3)).toEqual([0, 0, 0, 0, 0]);
    const statistic = chiSquare(counts.slice(0, 3), softmax(LOGITS.slice(0, 3)), draws);
    expect(statistic).toBeLessThan(CHI_SQUARE_LIMIT[2]!);
  });

  test("a seed gives the same tokens again, another seed others", () => {
    const tokens = (seed: number | bigint) => {
      const sampler = createSampler({ seed });
      return Array.from(
        { length: 50 },
        (_, position) => sampler.sample(Float32Array.from(LOGITS), { position }).token,
      );
    };
    expect(tokens(7)).toEqual(tokens(7n));
    expect(tokens(-1)).toEqual(tokens(2n ** 64n - 1n));
    expect(tokens(7)).not.toEqual(tokens(8));
    expect(tokens(7)).not.toEqual(tokens(7n + 2n ** 32n));
  });

  test("without a seed one is drawn and reported, and repeats the run", () => {
    const first = createSampler();
    const again = createSampler({ seed: first.options.seed });
    expect(createSampler().options.seed).not.toBe(first.options.seed);
    const row = Float32Array.from(LOGITS);
    for (let position = 0; position < 50; position++) {
      expect(again.sample(row, { position })).toEqual(first.sample(row, { position }));
    }
  });

  test("a token depends on its position alone, not on the draws before it", () => {
    const row = Float32Array.from(LOGITS);
    const late = createSampler({ seed: 3 }).sample(row, { position: 40 });
    const sampler = createSampler({ seed: 3 });
    for (let position = 0; position < 40; position++) sampler.sample(row, { position });
    expect(sampler.sample(row, { position: 40 })).toEqual(late);
  });

  test("draws the same logit wherever it is stored", () => {
    const n = 500;
    const row = Float32Array.from({ length: n }, (_, i) => Math.sin(i) * 5);
    const ids = shuffled(n);
    const moved = new Float32Array(n + 3).subarray(3);
    for (let i = 0; i < n; i++) moved[ids[i]!] = row[i]!;
    const sampler = createSampler({ seed: 11, temperature: 0.8, topP: 0.9 });
    for (let position = 0; position < 300; position++) {
      expect(sampler.sample(moved, { position }).token).toBe(ids[sampler.sample(row, { position }).token]);
    }
  });

  test("the recommended presets are the model card's", () => {
    expect(createSampler(recommendedSampling("on")).options).toMatchObject({
      temperature: Math.fround(0.6),
      topP: Math.fround(0.95),
    });
    expect(createSampler(recommendedSampling("off")).options.temperature).toBe(0);
  });

  test("leaves the logits as they were", () => {
    const row = Float32Array.from(LOGITS);
    createSampler({ presencePenalty: 1, logitBias: new Map([[0, -5]]) }).sample(row, {
      position: 0,
      history: createTokenHistory([1]),
      mask: Uint32Array.of(0xff),
    });
    expect([...row]).toEqual(LOGITS);
  });
});

describe("penalties, bias and mask", () => {
  /** The greedy choice, which shows on which side of a rival the adjusted logit has come to lie. */
  const wins = (options: Parameters<typeof createSampler>[0], context: object, logits: readonly number[]) =>
    createSampler({ temperature: 0, ...options }).sample(Float32Array.from(logits), {
      position: 0,
      ...context,
    }).token;

  test("the repetition penalty divides positive and multiplies negative logits of every token seen", () => {
    const history = createTokenHistory([0]);
    expect(wins({ repetitionPenalty: 2 }, { history }, [4, 2.01])).toBe(1);
    expect(wins({ repetitionPenalty: 2 }, { history }, [4, 1.99])).toBe(0);
    expect(wins({ repetitionPenalty: 2 }, { history }, [-1, -1.99])).toBe(1);
    expect(wins({ repetitionPenalty: 2 }, { history }, [-1, -2.01])).toBe(0);
  });

  test("the presence penalty counts a generated token once, the frequency penalty every time", () => {
    const history = createTokenHistory([0]);
    expect(wins({ presencePenalty: 9, frequencyPenalty: 9 }, { history }, [1, 0])).toBe(0); // only in the prompt
    history.push(0);
    history.push(0);
    expect(wins({ presencePenalty: 1 }, { history }, [3, 2.01])).toBe(1);
    expect(wins({ presencePenalty: 1 }, { history }, [3, 1.99])).toBe(0);
    expect(wins({ frequencyPenalty: 1 }, { history }, [3, 1.01])).toBe(1);
    expect(wins({ frequencyPenalty: 1 }, { history }, [3, 0.99])).toBe(0);
  });

  test("a clone of a history counts on its own", () => {
    const history = createTokenHistory([4]);
    history.push(5);
    const fork = history.clone();
    fork.push(5);
    history.push(6);
    expect(Object.fromEntries(fork.counts)).toEqual({ 4: 0, 5: 2 });
    expect(Object.fromEntries(history.counts)).toEqual({ 4: 0, 5: 1, 6: 1 });
  });

  test("the bias comes after the penalties", () => {
    const context = { history: createTokenHistory([0]) };
    const options = (bias: number) => ({ repetitionPenalty: 2, logitBias: new Map([[0, bias]]) });
    expect(wins(options(1), context, [4, 2.99])).toBe(0); // 4 / 2 + 1, where (4 + 1) / 2 would lose
    expect(wins(options(1), context, [4, 3.01])).toBe(1);
    expect(wins({ logitBias: new Map([[0, -Infinity]]) }, {}, [4, -1000])).toBe(1);
  });

  test("the mask wins over the bias and is applied before top-k", () => {
    const mask = new Uint32Array(2);
    mask[1] = 1 << 3; // token 35
    const row = Array.from({ length: 40 }, (_, token) => -token);
    expect(wins({ logitBias: new Map([[0, 100]]) }, { mask }, row)).toBe(35);
    const sampler = createSampler({ topK: 1, seed: 0 });
    expect(sampler.sample(Float32Array.from(row), { position: 0, mask }).token).toBe(35);
  });
});

describe("log-probabilities", () => {
  test("are those of the logits as given, whatever bends the choice", () => {
    const sampler = createSampler({ temperature: 0, logitBias: new Map([[2, 50]]), logprobs: 3 });
    const { token, logprob, top } = sampler.sample(Float32Array.from(LOGITS), { position: 0 });
    const expected = softmax(LOGITS).map(Math.log);
    expect(token).toBe(2);
    expect(logprob).toBeCloseTo(expected[2]!, 12);
    expect(top?.map((entry) => entry.token)).toEqual([0, 1, 2]);
    for (const entry of top!) expect(entry.logprob).toBeCloseTo(expected[entry.token]!, 12);
  });

  test("are left out unless asked for, and 0 asks for the chosen token's alone", () => {
    const row = Float32Array.from(LOGITS);
    expect(createSampler({ temperature: 0 }).sample(row, { position: 0 })).toEqual({ token: 0 });
    expect(createSampler({ temperature: 0, logprobs: 0 }).sample(row, { position: 0 }).top).toEqual([]);
  });
});
