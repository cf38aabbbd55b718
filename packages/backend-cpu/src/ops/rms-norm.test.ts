import { expect, test } from "vitest";
import { expectClose } from "../../test-support/close.ts";
import { blank, matrixOf, rowsOf } from "../../test-support/matrix.ts";
import { rmsNorm } from "./rms-norm.ts";

test("divides each row by its root mean square and scales each channel", () => {
  // Squares 1 + 4 + 9 + 16 = 30, mean 7.5, with epsilon 8: every channel is divided by √8.
  const y = blank(2, 4);
  rmsNorm(
    2,
    matrixOf([
      [1, 2, 3, -4],
      [2, 4, 6, -8],
    ]),
    Float32Array.of(1, 0.5, 2, -1),
    0.5,
    y,
  );
  expectClose(rowsOf(y)[0]!, [1 / Math.sqrt(8), 1 / Math.sqrt(8), 6 / Math.sqrt(8), 4 / Math.sqrt(8)]);
  // The second row is twice the first: mean 30, with epsilon 30.5.
  expectClose(
    rowsOf(y)[1]!,
    [2, 2, 12, 8].map((v) => v / Math.sqrt(30.5)),
  );
});

test("reads a view of a wider value and leaves rows past the step alone", () => {
  const y = blank(2, 2);
  rmsNorm(
    1,
    matrixOf(
      [
        [3, 4],
        [1, 1],
      ],
      { offset: 1, stride: 5, filler: 99 },
    ),
    Float32Array.of(1, 1),
    0,
    y,
  );
  expectClose(rowsOf(y)[0]!, [3 / Math.sqrt(12.5), 4 / Math.sqrt(12.5)]);
  expect(rowsOf(y)[1]).toEqual([Number.NaN, Number.NaN]);
});
