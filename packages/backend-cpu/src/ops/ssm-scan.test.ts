import { describe, expect, test } from "vitest";
import { expectClose } from "../../test-support/close.ts";
import { blank, matrixOf, randomMatrix, randomValues, rowsOf } from "../../test-support/matrix.ts";
import { readSegments } from "../segment.ts";
import { type SsmInputs, type SsmSizes, ssmScan } from "./ssm-scan.ts";

const sizes: SsmSizes = {
  heads: 2,
  headDim: 2,
  stateSize: 2,
  groups: 1,
  chunkSize: 4,
  timeStepLimit: [0, Number.POSITIVE_INFINITY],
};
const inputs: SsmInputs = {
  x: matrixOf([
    [1, -0.5, 2, 0.25],
    [0.5, 1, -1, 3],
  ]),
  b: matrixOf([
    [1, -2],
    [0.5, 0.5],
  ]),
  c: matrixOf([
    [0.5, 1],
    [-1, 2],
  ]),
  dt: matrixOf([
    [0.5, -1],
    [1, 0],
  ]),
  a: Float32Array.of(-1, -0.25),
  d: Float32Array.of(0.5, 2),
  dtBias: Float32Array.of(0.1, -0.2),
};
const start = [1, 0, 0, 1, 0.5, -0.5, 2, 0];
const segments = (...feed: number[]) => readSegments(Int32Array.from(feed), feed.length / 6);

// The recurrence in NumPy's double precision, with 0.1 and −0.2 not rounded to single: hence the 1e-7.
const afterRow0 = [
  1.3918316442600902, -2.074975900971771, -0.5187439752429428, 1.3918316442600902, 0.9947143374119776,
  -1.52127927208804, 1.9384182277781683, -0.1316412336690156,
];
const afterRow1 = [
  0.6944297191457465, -0.17137043112250816, 0.5641165969573739, 1.0412635504246042, 0.5574875782020792,
  -1.6090560108025402, 2.5663967981707696, 0.7838509132676704,
];
const y0 = [-0.879060078841726, 0.8824596566386189, 2.976077896617949, 1.3375678802200686];
const y1 = [-0.7871705813907628, 2.0184105038918343, -5.77559959980716, 5.0013050283645715];

describe("ssmScan", () => {
  test("decays the state, adds the input's outer product, and reads it out", () => {
    const recurrent = Float32Array.from(start);
    const y = blank(2, 4);
    ssmScan(segments(0, 2, 0, 0, -1, -1), inputs, sizes, recurrent, y);
    expectClose(rowsOf(y)[0]!, y0, 1e-7);
    expectClose(rowsOf(y)[1]!, y1, 1e-7);
    expectClose(recurrent, afterRow1, 1e-7);
  });

  test("reads one slot, writes another, and leaves the state after the mark row in a third", () => {
    const recurrent = Float32Array.from([...start, ...new Array(16).fill(9)]);
    const y = blank(2, 4);
    ssmScan(segments(0, 2, 0, 1, 0, 2), inputs, sizes, recurrent, y);
    expect([...recurrent.subarray(0, 8)]).toEqual(start);
    expectClose(recurrent.subarray(8, 16), afterRow1, 1e-7);
    expectClose(recurrent.subarray(16, 24), afterRow0, 1e-7);
    expectClose(rowsOf(y)[1]!, y1, 1e-7);
  });

  test("rounds the state to what is stored after every row, so that any cut gives the same bits", () => {
    const rows = 9;
    const random: SsmInputs = {
      ...inputs,
      x: randomMatrix(rows, 4, 1),
      b: randomMatrix(rows, 2, 2),
      c: randomMatrix(rows, 2, 3),
      dt: randomMatrix(rows, 2, 4),
    };
    const whole = { y: blank(rows, 4), recurrent: randomValues(8, 5) };
    ssmScan(segments(0, rows, 0, 0, -1, -1), random, sizes, whole.recurrent, whole.y);
    for (let cut = 1; cut < rows; cut++) {
      const y = blank(rows, 4);
      const recurrent = randomValues(8, 5);
      ssmScan(segments(0, cut, 0, 0, -1, -1), random, sizes, recurrent, y);
      ssmScan(segments(cut, rows - cut, 0, 0, -1, -1), random, sizes, recurrent, y);
      expect(y.data).toEqual(whole.y.data);
      expect(recurrent).toEqual(whole.recurrent);
    }
  });

  test("head h reads group floor(h / (heads / groups))", () => {
    const grouped = { ...sizes, heads: 4, headDim: 1, stateSize: 1, groups: 2 };
    const y = blank(1, 4);
    const recurrent = new Float32Array(4);
    ssmScan(
      segments(0, 1, 0, 0, -1, -1),
      {
        x: matrixOf([[1, 1, 1, 1]]),
        b: matrixOf([[1, 10]]),
        c: matrixOf([[1, 100]]),
        dt: matrixOf([[0, 0, 0, 0]]),
        a: new Float32Array(4),
        d: new Float32Array(4),
        dtBias: new Float32Array(4),
      },
      grouped,
      recurrent,
      y,
    );
    expectClose(
      rowsOf(y)[0]!,
      [1, 1, 1000, 1000].map((v) => v * Math.LN2),
    );
  });

  test("clamps the time step", () => {
    const y = blank(2, 4);
    const recurrent = Float32Array.from(start);
    const still = { ...sizes, timeStepLimit: [0, 0] as const };
    ssmScan(segments(0, 2, 0, 0, -1, -1), inputs, still, recurrent, y);
    expect([...recurrent]).toEqual(start); // a time step of 0 changes nothing
  });
});
