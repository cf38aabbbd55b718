import { describe, expect, test } from "vitest";
import { blank, matrixOf, rowsOf } from "../../test-support/matrix.ts";
import { readSegments } from "../segment.ts";
import { silu } from "./activation.ts";
import { causalConv } from "./causal-conv.ts";

const weight = Float32Array.of(1, 2, 3, -1, 0.5, 0.25); // [2 channels, 3 taps]
const bias = Float32Array.of(0.5, -1);
const x = matrixOf([
  [3, -1],
  [4, 2],
]);
const segments = (...feed: number[]) => readSegments(Int32Array.from(feed), feed.length / 6);

describe("causalConv", () => {
  test("convolves each channel with its window and its own rows, the last tap on the row itself", () => {
    // Channel 0 sees 1 2 | 3 4:  1·1 + 2·2 + 3·3 + 0.5 = 14.5   and   1·2 + 2·3 + 3·4 + 0.5 = 20.5
    // Channel 1 sees 0 4 | −1 2: 0 + 2 − 0.25 − 1 = 0.75        and   −4 − 0.5 + 0.5 − 1 = −5
    const window = Float32Array.of(1, 2, 0, 4);
    const y = blank(2, 2);
    causalConv(segments(0, 2, 0, 0, -1, -1), x, weight, window, { kernelSize: 3, bias }, y);
    expect(rowsOf(y)).toEqual([
      [14.5, 0.75],
      [20.5, -5],
    ]);
    expect([...window]).toEqual([3, 4, -1, 2]);
  });

  test("applies the activation to the sum with the bias", () => {
    const y = blank(2, 2);
    const options = { kernelSize: 3, bias, activation: "silu" } as const;
    causalConv(segments(0, 2, 0, 0, -1, -1), x, weight, Float32Array.of(1, 2, 0, 4), options, y);
    expect(rowsOf(y)[1]).toEqual([20.5, -5].map((v) => Math.fround(silu(v))));
  });

  test("reads one slot, writes another, and leaves the window after the mark row in a third", () => {
    const window = Float32Array.of(1, 2, 0, 4, ...new Array(8).fill(9));
    const y = blank(2, 2);
    causalConv(segments(0, 2, 0, 1, 0, 2), x, weight, window, { kernelSize: 3, bias }, y);
    expect(rowsOf(y)[0]).toEqual([14.5, 0.75]);
    expect([...window]).toEqual([1, 2, 0, 4, /* written */ 3, 4, -1, 2, /* marked */ 2, 3, 4, -1]);
  });

  test("a kernel of one tap needs no window", () => {
    const y = blank(2, 2);
    causalConv(
      segments(0, 2, 0, 0, -1, -1),
      x,
      Float32Array.of(2, 10),
      new Float32Array(0),
      { kernelSize: 1 },
      y,
    );
    expect(rowsOf(y)).toEqual([
      [6, -10],
      [8, 20],
    ]);
  });
});
