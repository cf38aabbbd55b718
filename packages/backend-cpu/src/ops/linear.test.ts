import { describe, expect, test } from "vitest";
import { blank, matrixOf, randomMatrix, randomValues, rowsOf } from "../../test-support/matrix.ts";
import { linear } from "./linear.ts";

describe("linear", () => {
  test("multiplies, adds the bias, applies the activation, then adds the residual", () => {
    const weight = Float32Array.of(1, 2, 3, -1, 0, 1); // [2, 3]
    const x = matrixOf([
      [1, 1, 1],
      [2, 0, -1],
    ]);
    const y = blank(2, 2);
    linear(2, x, weight, {}, y);
    expect(rowsOf(y)).toEqual([
      [6, 0],
      [-1, -3],
    ]);

    const bias = Float32Array.of(-2, 5);
    linear(2, x, weight, { bias, activation: "relu2" }, y);
    expect(rowsOf(y)).toEqual([
      [16, 25],
      [0, 4],
    ]);

    const residual = matrixOf([
      [0.5, 1],
      [-7, 10],
    ]);
    linear(2, x, weight, { bias, activation: "relu2", residual }, y);
    expect(rowsOf(y)).toEqual([
      [16.5, 26],
      [-7, 14],
    ]);
  });

  test("sums in double precision: small terms survive beside large ones that cancel", () => {
    const y = blank(1, 1);
    linear(1, matrixOf([[1e8, 1, -1e8]]), Float32Array.of(1, 1, 1), {}, y);
    expect(y.data[0]).toBe(1);
  });

  test("gives the plain sum for every number of rows and outputs", () => {
    const inputs = 7;
    for (let rows = 1; rows <= 5; rows++) {
      for (let outputs = 1; outputs <= 9; outputs++) {
        const x = randomMatrix(rows, inputs, 10 * rows + outputs);
        const weight = randomValues(outputs * inputs, 77);
        const y = blank(rows, outputs);
        linear(rows, x, weight, {}, y);
        for (let row = 0; row < rows; row++) {
          for (let o = 0; o < outputs; o++) {
            let sum = 0;
            for (let i = 0; i < inputs; i++) sum += weight[o * inputs + i]! * x.data[row * inputs + i]!;
            expect(y.data[row * outputs + o]).toBe(Math.fround(sum));
          }
        }
      }
    }
  });
});
