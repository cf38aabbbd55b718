import { expect, test } from "vitest";
import { expectClose } from "../../test-support/close.ts";
import { blank, matrixOf, rowsOf } from "../../test-support/matrix.ts";
import { gatedGroupNorm } from "./gated-group-norm.ts";

test("gates first, then norms each group of channels on its own", () => {
  // Two groups of two channels; the numbers are from the formula in Python's floats.
  const y = blank(1, 4);
  gatedGroupNorm(
    1,
    matrixOf([[1, -2, 0.5, 4]]),
    matrixOf([[0, 1, -1, 2]]),
    Float32Array.of(1, 2, 3, 0.5),
    { groups: 2, epsilon: 1e-2 },
    y,
  );
  expectClose(rowsOf(y)[0]!, [0, -2.8152886072444816, -0.08093411340574344, 0.7068357635490415]);
});

test("groups do not see each other", () => {
  const norm = (second: number) => {
    const y = blank(1, 4);
    const x = matrixOf([[1, 2, second, -second]]);
    const gate = matrixOf([[1, 1, 1, 1]]);
    gatedGroupNorm(1, x, gate, Float32Array.of(1, 1, 1, 1), { groups: 2, epsilon: 1e-5 }, y);
    return rowsOf(y)[0]!.slice(0, 2);
  };
  expect(norm(1)).toEqual(norm(1000));
});
