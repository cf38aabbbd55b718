import { SEEN_IN_PROMPT } from "@krait/tensor";
import { type OpCase, opCase } from "./op-case.ts";
import { SLOTS, segmentFeed, segmentLayouts } from "./segments.ts";

const resolveToken = [
  opCase("resolveToken", "fed tokens, sampled tokens and padding in one step", { rows: 6 }, (c) => {
    c.b.resolveToken({
      token: c.feed(["rows"], Int32Array.of(7, -1, -1, 0, -1, 3)),
      slot: c.feed(["rows"], Int32Array.of(0, 2, 0, 1, -1, -1)),
      lastToken: c.state({ per: "slot", count: 3, shape: [1], dtype: "i32" }, [11, 12, 13]),
    });
  }),
];

/** Smaller than the rows of a step, so that tokens come more than once. */
const VOCABULARY = 11;

const countTokens = segmentLayouts.map(({ name, rows, segments }) =>
  opCase("countTokens", name, { rows, segments: segments.length }, (c) => {
    const integers = (count: number, high: number) =>
      Int32Array.from({ length: count }, () => c.random.integer(0, high));
    c.b.countTokens({
      token: c.tokens(integers(rows, VOCABULARY)),
      generated: c.feed(["rows"], integers(rows, 2)),
      segment: segmentFeed(c, segments),
      count: c.state(
        { per: "slot", count: SLOTS, shape: [VOCABULARY], dtype: "i32" },
        integers(SLOTS * VOCABULARY, 4).map((n) => (n === 3 ? SEEN_IN_PROMPT + 2 : n)),
      ),
    });
  }),
);

const countPadding = opCase(
  "countTokens",
  "a row of padding inside a segment",
  { rows: 4, segments: 1 },
  (c) => {
    const token = c.b.resolveToken({
      token: c.feed(["rows"], Int32Array.of(3, 5, 3, 0)),
      slot: c.feed(["rows"], Int32Array.of(1, -1, 1, 1)),
      lastToken: c.state({ per: "slot", count: SLOTS, shape: [1], dtype: "i32" }),
    });
    c.b.countTokens({
      token,
      generated: c.feed(["rows"], Int32Array.of(1, 1, 1, 0)),
      segment: segmentFeed(c, [{ start: 0, count: 4, slot: 1 }]),
      count: c.state({ per: "slot", count: SLOTS, shape: [VOCABULARY], dtype: "i32" }),
    });
  },
);

const embed = (["f32", "f16", "bf16"] as const).map((format) =>
  opCase("embed", `rows of a table in ${format}`, { rows: 5 }, (c) => {
    c.b.embed(c.tokens(Int32Array.of(3, 0, 6, 3, 1)), c.weight([7, 33], { format }));
  }),
);

const gatherRows = [
  opCase(
    "gatherRows",
    "rows of a view, repeated, out of order, with padding",
    { rows: 5, outputRows: 5 },
    (c) => {
      c.b.gatherRows(c.view(9), c.feed(["outputRows"], Int32Array.of(4, 0, -1, 4, 2)));
    },
  ),
  opCase("gatherRows", "the only row", { rows: 1, outputRows: 1 }, (c) => {
    c.b.gatherRows(c.rows(64), c.feed(["outputRows"], Int32Array.of(0)));
  }),
];

export const tokenCases: readonly OpCase[] = [
  ...resolveToken,
  ...countTokens,
  countPadding,
  ...embed,
  ...gatherRows,
];
