import { describe, expect, test } from "vitest";
import { intMatrixOf, matrixOf, rowsOf } from "../../test-support/matrix.ts";
import { drawToken } from "./draw-token.ts";

const GREEDY = [0, 1, 0, 1, 0, 0];
const PLAIN = [1, 1, 0, 1, 0, 0];

/** One row for each entry; slot r for row r. */
function draw(
  rows: readonly {
    logits: number[];
    setting?: number[];
    choice?: number[];
    position?: number;
    slot?: number;
  }[],
) {
  const output = intMatrixOf(rows.map(() => [99]));
  const lastToken = new Int32Array(rows.length).fill(77);
  drawToken(
    rows.length,
    matrixOf(rows.map(({ logits }) => logits)),
    {
      slot: Int32Array.from(rows, ({ slot }, row) => slot ?? row),
      position: Int32Array.from(rows, ({ position }) => position ?? 0),
      setting: Float32Array.from(rows.flatMap(({ setting }) => setting ?? PLAIN)),
      choice: Int32Array.from(rows.flatMap(({ choice }) => choice ?? [0, 0, 0, -1])),
    },
    lastToken,
    output,
  );
  return { tokens: rowsOf(output).flat(), lastToken: [...lastToken] };
}

describe("drawToken", () => {
  test("temperature 0 takes the largest logit, the lower id among equals", () => {
    const rows = [
      { logits: [1, 3, 3], setting: GREEDY },
      { logits: [-1, -2, -3], setting: GREEDY },
    ];
    expect(draw(rows)).toEqual({ tokens: [1, 0], lastToken: [1, 0] });
  });

  // Random123's kat_vectors: the first word of Philox4x32-10 for key 0 and counter 0 is 6627e8d5, so
  // u = 0x6627e8 / 2²⁴ = 0.399.
  test("takes the first token in order of falling logit whose cumulative probability exceeds u", () => {
    const logits = (first: number) => [Math.log(1 - first), Math.log(first)];
    expect(draw([{ logits: logits(0.3) }]).tokens).toEqual([0]); // falling: 0.7, 0.3
    expect(draw([{ logits: [0, 0, 0] }]).tokens).toEqual([1]); // 0.333 < u ≤ 0.667
    expect(draw([{ logits: [0, 0] }]).tokens).toEqual([0]); // u ≤ 0.5
    expect(draw([{ logits: [Math.log(0.39), Math.log(0.38), Math.log(0.23)] }]).tokens).toEqual([1]);
    expect(draw([{ logits: [Math.log(0.41), Math.log(0.36), Math.log(0.23)] }]).tokens).toEqual([0]);
  });

  test("seed and position make the draw", () => {
    const logits = new Array(1000).fill(0); // the token is floor(1000 · u)
    const first = Math.floor((1000 * 0x6627e8) / 2 ** 24);
    expect(draw([{ logits }]).tokens).toEqual([first]);
    const others = [
      { logits, position: 1 },
      { logits, choice: [0, 1, 0, -1] },
      { logits, choice: [0, 0, 1, -1] },
      { logits, choice: [0, -1, -1, -1] },
    ];
    expect(new Set([...draw(others).tokens, first]).size).toBe(5);
  });

  test("top-k, top-p and min-p come from their columns", () => {
    const logits = [Math.log(0.3), Math.log(0.25), Math.log(0.2), Math.log(0.15), Math.log(0.1)];
    const tokensOf = (setting: number[], topK: number) => {
      const rows = Array.from({ length: 200 }, (_, position) => ({
        logits,
        setting,
        position,
        choice: [topK, 5, 0, -1],
      }));
      return [...new Set(draw(rows).tokens)].sort();
    };
    expect(tokensOf(PLAIN, 0)).toEqual([0, 1, 2, 3, 4]);
    expect(tokensOf(PLAIN, 2)).toEqual([0, 1]);
    expect(tokensOf([1, 0.7, 0, 1, 0, 0], 0)).toEqual([0, 1, 2]);
    expect(tokensOf([1, 1, 0.49, 1, 0, 0], 0)).toEqual([0, 1, 2, 3]);
    expect(tokensOf([0.001, 1, 0, 1, 0, 0], 0)).toEqual([0]);
  });

  test("gives −1 and leaves lastToken where nothing can be drawn, without harm to other rows", () => {
    const rows = [
      { logits: [0, Number.NaN] },
      { logits: [-Infinity, -Infinity] },
      { logits: [Infinity, 0] },
      { logits: [0, 5], setting: GREEDY },
      { logits: [0, 5], setting: GREEDY, slot: -1 },
    ];
    expect(draw(rows)).toEqual({ tokens: [-1, -1, -1, 1, -1], lastToken: [77, 77, 77, 1, 77] });
  });

  test("a setting out of range is an error that names it", () => {
    expect(() => draw([{ logits: [0, 1], setting: [1, 2, 0, 1, 0, 0] }])).toThrow(/topP/);
  });
});
