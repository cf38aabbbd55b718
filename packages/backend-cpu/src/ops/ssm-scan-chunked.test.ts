import { describe, expect, test } from "vitest";
import { expectClose } from "../../test-support/close.ts";
import { blank, randomMatrix, randomValues } from "../../test-support/matrix.ts";
import { readSegments } from "../segment.ts";
import { type SsmInputs, type SsmSizes, ssmScan } from "./ssm-scan.ts";
import { ssmScanChunked } from "./ssm-scan-chunked.ts";

const rows = 75;
const sizes: SsmSizes = {
  heads: 4,
  headDim: 3,
  stateSize: 5,
  groups: 2,
  chunkSize: 16,
  timeStepLimit: [0, Number.POSITIVE_INFINITY],
};
const inputs: SsmInputs = {
  x: randomMatrix(rows, 12, 1),
  b: randomMatrix(rows, 10, 2),
  c: randomMatrix(rows, 10, 3),
  dt: randomMatrix(rows, 4, 4),
  a: Float32Array.of(-0.05, -0.5, -2, -8),
  d: randomValues(4, 5),
  dtBias: randomValues(4, 6),
};

describe("ssmScanChunked", () => {
  test.each([
    ["one segment", [0, 75, 0, 0, -1, -1]],
    [
      "a segment of another length than the chunk's multiple, beside another",
      [3, 33, 0, 0, -1, -1, 40, 35, 1, 1, -1, -1],
    ],
    [
      "marks inside, at the end and at the start of a chunk",
      [0, 33, 0, 1, 20, 2, 33, 32, 3, 3, 64, 4, 65, 10, 5, 5, 65, 6],
    ],
    ["a segment without rows", [0, 0, 0, 1, -1, -1]],
  ])("equals the recurrence within 1e-5 for %s", (_, feed) => {
    const segments = readSegments(Int32Array.from(feed), feed.length / 6);
    const expected = { recurrent: randomValues(7 * 60, 7), y: blank(rows, 12) };
    const actual = { recurrent: randomValues(7 * 60, 7), y: blank(rows, 12) };
    ssmScan(segments, inputs, sizes, expected.recurrent, expected.y);
    ssmScanChunked(segments, inputs, sizes, actual.recurrent, actual.y);
    expectClose(actual.recurrent, [...expected.recurrent], 1e-5);
    const isWritten = (v: number) => !Number.isNaN(v);
    expect([...actual.y.data].map(isWritten)).toEqual([...expected.y.data].map(isWritten));
    expectClose(actual.y.data.filter(isWritten), [...expected.y.data.filter(isWritten)], 1e-5);
  });

  test("rounds differently from the recurrence, so the two are not one", () => {
    const segments = readSegments(Int32Array.of(0, rows, 0, 0, -1, -1), 1);
    const recurrence = blank(rows, 12);
    const chunked = blank(rows, 12);
    ssmScan(segments, inputs, sizes, new Float32Array(60), recurrence);
    ssmScanChunked(segments, inputs, sizes, new Float32Array(60), chunked);
    expect(chunked.data).not.toEqual(recurrence.data);
  });
});
