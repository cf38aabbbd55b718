import { buildProgram } from "@krait/tensor";
import { expect, test } from "vitest";
import { costOf } from "./op-cost.ts";

const program = buildProgram("product", (b) => {
  const slot = b.feed("slot", { shape: ["rows"], dtype: "i32" });
  const fed = b.feed("token", { shape: ["rows"], dtype: "i32" });
  const lastToken = b.state("lastToken", { per: "slot", count: 1, shape: [1], dtype: "i32" });
  const token = b.resolveToken({ token: fed, slot, lastToken });
  const input = b.embed(token, b.weight("table", { shape: [1000, 64], format: "q8_0" }));
  b.output("product", b.linear(input, b.weight("matrix", { shape: [96, 64], format: "q4_0" })));
});
const [, embed, linear] = program.ops;
const extents = { rows: 3, segments: 1, longestSegment: 3, context: 3, outputRows: 0 };

test("a product reads its whole weight once, and multiplies it with every row", () => {
  expect(costOf(linear!, program, extents)).toEqual({
    bytes: (96 * 64 * 18) / 32 + 3 * 4 * (64 + 96),
    operations: 3 * 2 * 64 * 96,
    integer: true,
  });
});

test("looking up embeddings reads a row of the table for each token", () => {
  const { bytes, operations } = costOf(embed!, program, extents);
  expect({ bytes, operations }).toEqual({ bytes: 3 * (4 + 4 * 64 + 2 * 34), operations: 0 });
});
