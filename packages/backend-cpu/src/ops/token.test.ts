import { SEEN_IN_PROMPT } from "@krait/tensor";
import { expect, test } from "vitest";
import { blank, intMatrixOf, matrixOf, rowsOf } from "../../test-support/matrix.ts";
import { readSegments } from "../segment.ts";
import { countTokens, embed, gatherRows, resolveToken } from "./token.ts";

test("resolveToken takes the fed token, or what the slot sampled last; padding gets −1", () => {
  const output = intMatrixOf([[9], [9], [9], [9]]);
  resolveToken(4, Int32Array.of(5, -1, -1, 3), Int32Array.of(0, 1, 0, -1), Int32Array.of(70, 80), output);
  expect(rowsOf(output)).toEqual([[5], [80], [70], [-1]]);
});

test("countTokens marks prompt tokens as seen and counts generated ones, slot by slot", () => {
  const vocabularySize = 4;
  const count = new Int32Array(3 * vocabularySize);
  count[1] = 1; // slot 0 has generated token 1 once
  const tokens = intMatrixOf([[1], [1], [2], [2], [3]]);
  const generated = Int32Array.of(1, 0, 0, 1, 0);
  const segments = readSegments(Int32Array.of(0, 3, 0, 1, 1, 2, 3, 2, 0, 0, -1, -1), 2);
  countTokens([segments[0]!], tokens, generated, vocabularySize, count);
  expect([...count]).toEqual([
    0,
    1,
    0,
    0,
    /* written */ 0,
    SEEN_IN_PROMPT + 2,
    SEEN_IN_PROMPT,
    0,
    /* marked */ 0,
    SEEN_IN_PROMPT + 2,
    0,
    0,
  ]);
  countTokens([segments[1]!], tokens, generated, vocabularySize, count);
  expect([...count.subarray(0, 4)]).toEqual([0, 1, 1, SEEN_IN_PROMPT]);
});

test("embed looks up a row of the table; a token of −1 gives zeros", () => {
  const output = blank(3, 2);
  embed(3, intMatrixOf([[2], [-1], [0]]), Float32Array.of(1, 2, 3, 4, 5, 6), output);
  expect(rowsOf(output)).toEqual([
    [5, 6],
    [0, 0],
    [1, 2],
  ]);
});

test("gatherRows takes the rows in the order asked for; a row of −1 gives zeros", () => {
  const output = blank(3, 2);
  gatherRows(
    3,
    matrixOf(
      [
        [1, 2],
        [3, 4],
      ],
      { offset: 1, stride: 4 },
    ),
    Int32Array.of(1, -1, 0),
    output,
  );
  expect(rowsOf(output)).toEqual([
    [3, 4],
    [0, 0],
    [1, 2],
  ]);
});
