import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blank, intMatrixOf, rowsOf } from "../../test-support/matrix.ts";
import { logSumExp, tokenLogit, topK } from "./log-probability.ts";

test("logSumExp is right where exponentials alone would overflow or vanish", () => {
  const output = blank(3, 1);
  logSumExp(3, 3, Float32Array.of(1, 2, 3, 1000, 999, -Infinity, -1000, -1000, -Infinity), output);
  // From Python's math module.
  expect([...output.data]).toEqual(
    [3.40760596444438, 1000.3132616875182, -999.3068528194401].map(Math.fround),
  );
});

describe("topK", () => {
  const largest = (logits: number[], count: number) => {
    const ids = intMatrixOf([new Array(count).fill(99)]);
    const values = blank(1, count);
    topK(1, logits.length, Float32Array.from(logits), ids, values);
    return { ids: rowsOf(ids)[0]!, logits: rowsOf(values)[0]! };
  };

  test("gives the largest first and the lower id among equals", () => {
    expect(largest([1, 5, 3, 5, 4], 4)).toEqual({ ids: [1, 3, 4, 2], logits: [5, 5, 4, 3] });
  });

  test("leaves NaN out, and fills up with id −1", () => {
    expect(largest([Number.NaN, 2, -Infinity], 3)).toEqual({
      ids: [1, 2, -1],
      logits: [2, -Infinity, -Infinity],
    });
  });

  test("is the start of a stable sort", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1 }), fc.nat(), (logits, n) => {
        const count = 1 + (n % logits.length);
        const sorted = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!);
        expect(largest(logits, count).ids).toEqual(sorted.slice(0, count));
      }),
    );
  });
});

test("tokenLogit picks the logit of each row's token, and −∞ for no token", () => {
  const output = blank(3, 1);
  tokenLogit(3, 2, Float32Array.of(1, 2, 3, 4, 5, 6), intMatrixOf([[1], [-1], [0]]), output);
  expect([...output.data]).toEqual([2, -Infinity, 5]);
});
