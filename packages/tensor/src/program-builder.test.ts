import { describe, expect, test } from "vitest";
import { KraitError, ProgramError } from "./errors.ts";
import type { Operand } from "./program.ts";
import { buildProgram, type ProgramBuilder } from "./program-builder.ts";

/** Builds a Program that starts with a `[rows, 8]` value, and gives the error that it ends with. */
function errorOf(build: (b: ProgramBuilder, hidden: Operand, token: Operand) => void): ProgramError {
  try {
    buildProgram("model", (b) => {
      const token = b.resolveToken({
        token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
        slot: b.feed("slot", { shape: ["rows"], dtype: "i32" }),
        lastToken: b.state("lastToken", { per: "slot", count: 2, shape: [1], dtype: "i32" }),
      });
      build(b, b.embed(token, b.weight("table", { shape: [10, 8], format: "f32" })), token);
    });
  } catch (error) {
    if (error instanceof ProgramError) return error;
    throw error;
  }
  return expect.fail("no error");
}

const vector = (b: ProgramBuilder, name: string, size: number) =>
  b.weight(name, { shape: [size], format: "f32" });
const paged = (b: ProgramBuilder, heads: number, headDim: number) => ({
  keyValueHeads: heads,
  headDim,
  slot: { feed: "slot" },
  position: b.feed("position", { shape: ["rows"], dtype: "i32" }),
  pageTable: b.state("pageTable", { per: "slot", count: 2, shape: [4], dtype: "i32" }),
  keys: b.state("keys", { per: "page", count: 8, shape: [heads, headDim], dtype: "f16" }),
  values: b.state("values", { per: "page", count: 8, shape: [heads, headDim], dtype: "f16" }),
});

describe("buildProgram refuses", () => {
  test("a weight of another shape, naming the Program, the op and both shapes", () => {
    const error = errorOf((b, hidden) =>
      b.scope("layers.3", () => b.rmsNorm(hidden, vector(b, "norm", 7), { epsilon: 0 })),
    );
    expect(error.message).toBe(
      'Program "model", op #2 layers.3.rmsNorm: weight: weight "norm" has shape [7], expected [8]',
    );
    expect(error).toMatchObject({ code: "PROGRAM_INVALID", program: "model", op: "#2 layers.3.rmsNorm" });
    expect(error).toBeInstanceOf(KraitError);
  });

  test.each<[string, (b: ProgramBuilder, hidden: Operand, token: Operand) => void, RegExp]>([
    [
      "a linear weight for another width",
      (b, hidden) => b.linear(hidden, b.weight("w", { shape: [4, 9], format: "f32" })),
      /#2 linear: weight: weight "w" has shape \[4, 9\], expected \[4, 8\]/,
    ],
    [
      "a bias of another length",
      (b, hidden) =>
        b.linear(hidden, b.weight("w", { shape: [4, 8], format: "f32" }), { bias: vector(b, "bias", 8) }),
      /bias: weight "bias" has shape \[8\], expected \[4\]/,
    ],
    [
      "a residual of another width",
      (b, hidden) => b.linear(hidden, b.weight("w", { shape: [4, 8], format: "f32" }), { residual: hidden }),
      /residual "embed" has 8 columns, expected 4/,
    ],
    [
      "a residual of other rows",
      (b, hidden) => {
        const gathered = b.gatherRows(hidden, b.feed("row", { shape: ["outputRows"], dtype: "i32" }));
        b.linear(gathered, b.weight("w", { shape: [8, 8], format: "f32" }), { residual: hidden });
      },
      /residual has one row for each of "rows", expected "outputRows"/,
    ],
    [
      "an operand of another dtype",
      (b, _, token) => b.rmsNorm(token, vector(b, "norm", 1), { epsilon: 0 }),
      /input "resolveToken" is i32, expected f32/,
    ],
    [
      "an embedding of no token",
      (b, hidden) => b.embed(b.split(hidden, [1, 7])[0]!, b.weight("w", { shape: [4, 8], format: "f32" })),
      /#2 embed: token "embed" is f32, expected i32/,
    ],
    [
      "columns that a value does not have",
      (b, hidden) => b.rmsNorm({ ...hidden, offset: 1 }, vector(b, "norm", 8), { epsilon: 0 }),
      /input takes columns 1 to 9 of "embed", which has 8/,
    ],
    [
      "a value that does not exist",
      (b) => b.rmsNorm({ value: 9, offset: 0, columns: 8 }, vector(b, "norm", 8), { epsilon: 0 }),
      /input refers to value %9, which does not exist/,
    ],
    [
      "a weight that is not declared",
      (b, hidden) => b.rmsNorm(hidden, { weight: "missing" }, { epsilon: 0 }),
      /weight refers to weight "missing", which does not exist/,
    ],
    [
      "a feed of another shape",
      (b, hidden) => b.gatherRows(hidden, b.feed("row", { shape: ["rows"], dtype: "i32" })),
      /row: feed "row" has shape \[rows\], expected \[outputRows\]/,
    ],
    [
      "a feed of another dtype",
      (b, hidden) => b.gatherRows(hidden, b.feed("row", { shape: ["outputRows"], dtype: "u32" })),
      /row: feed "row" is u32, expected i32/,
    ],
    [
      "a state of the wrong kind",
      (b, hidden) =>
        b.attention({
          query: hidden,
          heads: 2,
          scale: 1,
          ...paged(b, 1, 4),
          keys: { state: "lastToken", access: "read" },
        }),
      /keys: state "lastToken" is per slot, expected per page/,
    ],
    [
      "a state of another dtype, where only one will do",
      (b) =>
        b.resolveToken({
          token: { feed: "token" },
          slot: { feed: "slot" },
          lastToken: b.state("last", { per: "slot", count: 2, shape: [1], dtype: "f32" }),
        }),
      /lastToken: state "last" is f32, expected i32/,
    ],
    [
      "query heads that key-value heads do not divide",
      (b, hidden) => b.attention({ query: hidden, heads: 3, scale: 1, ...paged(b, 2, 4) }),
      /#2 attention: heads is 3, which is not a multiple of 2/,
    ],
    [
      "heads that do not fill the query",
      (b, hidden) => b.attention({ query: hidden, heads: 4, scale: 1, ...paged(b, 1, 4) }),
      /query "embed" has 8 columns, expected 16/,
    ],
    [
      "groups that do not divide the channels",
      (b, hidden) =>
        b.gatedGroupNorm({ input: hidden, gate: hidden, weight: vector(b, "w", 8), groups: 3, epsilon: 0 }),
      /channels is 8, which is not a multiple of 3/,
    ],
    [
      "a convolution window of another length",
      (b, hidden) =>
        b.causalConv({
          input: hidden,
          weight: b.weight("w", { shape: [8, 4], format: "f32" }),
          kernelSize: 4,
          segment: b.feed("segment", { shape: ["segments", 6], dtype: "i32" }),
          window: b.state("window", { per: "slot", count: 2, shape: [8, 4], dtype: "f32" }),
        }),
      /window: state "window" has shape \[8, 4\], expected \[8, 3\]/,
    ],
    [
      "a segment feed without its six columns",
      (b, _, token) =>
        b.countTokens({
          token,
          generated: b.feed("generated", { shape: ["rows"], dtype: "i32" }),
          segment: b.feed("segment", { shape: ["segments", 5], dtype: "i32" }),
          count: b.state("count", { per: "slot", count: 2, shape: [10], dtype: "i32" }),
        }),
      /segment: feed "segment" has shape \[segments, 5\], expected \[segments, 6\]/,
    ],
    [
      "more of the largest logits than there are",
      (b) =>
        b.topK(b.state("logits", { per: "outputRow", count: 1, shape: [10], dtype: "f32" }), { count: 11 }),
      /topK: asks for the 11 largest of 10 logits/,
    ],
    [
      "a split that does not add up",
      (b, hidden) => b.split(hidden, [4, 3]),
      /split into 4 \+ 3 = 7 columns, but the operand has 8/,
    ],
    [
      "a name declared twice",
      (b) => b.feed("token", { shape: ["rows"], dtype: "i32" }),
      /feed "token" is declared twice/,
    ],
    ["an unused weight", (b) => vector(b, "spare", 3), /weight "spare" is never used/],
    [
      "an unused feed",
      (b) => b.feed("spare", { shape: ["rows"], dtype: "i32" }),
      /feed "spare" is never used/,
    ],
    [
      "an unused state",
      (b) => b.state("spare", { per: "slot", count: 1, shape: [1], dtype: "f32" }),
      /state "spare" is never used/,
    ],
    [
      "an output that is a part of a value",
      (b, hidden) => b.output("half", b.split(hidden, [4, 4])[0]!),
      /output "half" is a part of "embed"; outputs are whole values/,
    ],
  ])("%s", (_, build, message) => {
    const error = errorOf(build);
    expect(error.message).toMatch(message);
    expect(error.program).toBe("model");
  });
});

describe("the builder", () => {
  test("names values after their scope and op, numbered where a name repeats", () => {
    const program = buildProgram("names", (b) => {
      const logits = b.state("logits", { per: "outputRow", count: 1, shape: [4], dtype: "f32" });
      b.logSumExp(logits);
      b.logSumExp(logits);
      b.scope("outer", () => b.scope("inner", () => b.logSumExp(logits)));
      b.logSumExp(logits);
    });
    expect(program.values.map(({ name }) => name)).toEqual([
      "logSumExp",
      "logSumExp2",
      "outer.inner.logSumExp",
      "logSumExp3",
    ]);
  });

  test("splits a view into consecutive views", () => {
    const operand = { value: 3, offset: 2, columns: 6 };
    buildProgram("views", (b) => {
      expect(b.split(operand, [1, 5])).toEqual([
        { value: 3, offset: 2, columns: 1 },
        { value: 3, offset: 3, columns: 5 },
      ]);
    });
  });

  test("marks the states that an op only reads", () => {
    const program = buildProgram("reads", (b) => {
      b.logSumExp(b.state("logits", { per: "outputRow", count: 1, shape: [4], dtype: "f32" }));
    });
    expect(program.ops[0]).toMatchObject({ logits: { state: "logits", access: "read" } });
  });
});
