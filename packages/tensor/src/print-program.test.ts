import { expect, test } from "vitest";
import { buildProgram } from "./program-builder.ts";

test("a Program prints its feeds, states, ops and outputs", () => {
  const program = buildProgram("demo", (b) => {
    const slot = b.feed("slot", { shape: ["rows"], dtype: "i32" });
    const token = b.resolveToken({
      token: b.feed("token", { shape: ["rows"], dtype: "i32" }),
      slot,
      lastToken: b.state("lastToken", { per: "slot", count: 4, shape: [1], dtype: "i32" }),
    });
    const hidden = b.embed(token, b.weight("table", { shape: [10, 6], format: "bf16" }));
    b.scope("layers.0", () => {
      const [left, right] = b.split(hidden, [4, 2]);
      b.scope("mixer", () => {
        const up = b.linear(right!, b.weight("up", { shape: [4, 2], format: "f32" }), { residual: left });
        b.output("up", up);
      });
      b.output(
        "again",
        b.linear(left!, b.weight("square", { shape: [4, 4], format: "f32" }), { activation: "relu2" }),
      );
    });
    b.logSumExp(b.state("logits", { per: "outputRow", count: 2, shape: [10], dtype: "f32" }));
  });
  expect(`${program}`).toBe(
    [
      "program demo: 5 ops, 3 weights",
      "  feed    slot i32[rows]",
      "  feed    token i32[rows]",
      "  state   lastToken i32[1] per slot × 4",
      "  state   logits f32[10] per outputRow × 2",
      "     0  resolveToken i32[rows, 1] = resolveToken(token: token, slot: slot, lastToken: lastToken)",
      "     1  embed f32[rows, 6] = embed(token: resolveToken, table: table, vocabularySize: 10, hiddenSize: 6)",
      "     2  layers.0.mixer.linear f32[rows, 4] = linear(input: embed[4:6], weight: up, residual: embed[0:4])",
      "     3  layers.0.linear f32[rows, 4] = linear(input: embed[0:4], weight: square, activation: relu2)",
      "     4  logSumExp f32[outputRows, 1] = logSumExp(logits: logits)",
      "  output  up = layers.0.mixer.linear",
      "  output  again = layers.0.linear",
    ].join("\n"),
  );
});

test("ops without a result and ops with two print as such", () => {
  const program = buildProgram("demo", (b) => {
    const logits = b.state("logits", { per: "outputRow", count: 1, shape: [9], dtype: "f32" });
    const { ids } = b.topK(logits, { count: 3 });
    b.output("ids", ids);
  });
  expect(program.toString().split("\n")[2]).toBe(
    "     0  topK.ids i32[outputRows, 3], topK.logits f32[outputRows, 3] = topK(logits: logits)",
  );
});
