import { PAGE_SIZE } from "@krait/tensor";
import { type CaseBuilder, type OpCase, opCase } from "./op-case.ts";

/** Where each row stands; slot −1 is padding. */
interface Place {
  readonly slot: number;
  readonly position: number;
}

const SLOTS = 4;
const PAGES_PER_SLOT = 4;

/** Pages of a slot that lie apart and out of order, and leave some pages to nobody. */
const pageTable = [9, 2, 14, 5, 0, 17, 3, 11, 12, 1, 7, 16, 4, 10, 6, 15];
const PAGES = 18;

/** Twelve pages for each slot, apart and out of order too: 7 has no factor in common with 49. */
const longPageTable = Array.from({ length: SLOTS * 12 }, (_, i) => (7 * i + 3) % 49);

function run(slot: number, first: number, count: number): Place[] {
  return Array.from({ length: count }, (_, index) => ({ slot, position: first + index }));
}

const padding: Place = { slot: -1, position: 0 };

const layouts: readonly { readonly name: string; readonly places: readonly Place[] }[] = [
  { name: "the first token of a sequence", places: run(1, 0, 1) },
  { name: "one decode row, two pages on", places: run(2, 70, 1) },
  { name: "a prompt over the edge of a page", places: run(0, PAGE_SIZE - 5, 11) },
  {
    name: "a prompt, decode rows and padding",
    places: [
      padding,
      ...run(3, 100, 2),
      ...run(0, 0, 7),
      padding,
      ...run(1, 31, 1),
      ...run(2, 64, 1),
      padding,
    ],
  },
];

interface Sizes {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly dtype?: "f32" | "f16" | "bf16";
  /** Twelve pages for each slot instead of four. */
  readonly isLong?: boolean;
}

function paged(c: CaseBuilder, places: readonly Place[], sizes: Sizes) {
  const { keyValueHeads, headDim, dtype = "f32", isLong = false } = sizes;
  const table = isLong ? longPageTable : pageTable;
  const pages = { per: "page", count: isLong ? 49 : PAGES, shape: [keyValueHeads, headDim], dtype } as const;
  return {
    keyValueHeads,
    headDim,
    slot: c.feed(
      ["rows"],
      Int32Array.from(places, ({ slot }) => slot),
    ),
    position: c.feed(
      ["rows"],
      Int32Array.from(places, ({ position }) => position),
    ),
    pageTable: c.state({ per: "slot", count: SLOTS, shape: [table.length / SLOTS], dtype: "i32" }, table),
    keys: c.state(pages),
    values: c.state(pages),
  };
}

const options = (places: readonly Place[], tolerance = 1e-10) => ({
  rows: places.length,
  context: PAGES_PER_SLOT * PAGE_SIZE,
  tolerance,
});

/** Rounding to 16 bits may fall to the other side where an input differs by a bit. */
const toleranceOf = { f32: 1e-10, f16: 1e-8, bf16: 1e-6 } as const;

const dtypes = ["f32", "f16", "bf16"] as const;

const writeKv = layouts.flatMap(({ name, places }) =>
  dtypes.map((dtype) =>
    opCase("writeKv", `${name}, ${dtype}`, options(places, toleranceOf[dtype]), (c) => {
      const sizes = { heads: 6, keyValueHeads: 3, headDim: 7, dtype };
      c.b.writeKv({ key: c.view(21), value: c.view(21), ...paged(c, places, sizes) });
    }),
  ),
);

function buildAttention(c: CaseBuilder, places: readonly Place[], sizes: Sizes, scale?: number): void {
  const { heads, headDim } = sizes;
  c.b.attention({
    query: c.view(heads * headDim),
    heads,
    scale: scale ?? 1 / Math.sqrt(headDim),
    ...paged(c, places, sizes),
  });
}

const mixture = layouts[3]!.places;

const attention = [
  ...layouts.map(({ name, places }) =>
    opCase("attention", name, options(places), (c) => {
      buildAttention(c, places, { heads: 4, keyValueHeads: 2, headDim: 32 });
    }),
  ),
  ...(["f16", "bf16"] as const).map((dtype) =>
    opCase("attention", `keys and values in ${dtype}`, options(mixture), (c) => {
      buildAttention(c, mixture, { heads: 4, keyValueHeads: 2, headDim: 16, dtype });
    }),
  ),
  opCase("attention", "keys and values for each head", options(mixture), (c) => {
    buildAttention(c, mixture, { heads: 3, keyValueHeads: 3, headDim: 7 });
  }),
  opCase("attention", "five heads that share keys and values", options(mixture), (c) => {
    buildAttention(c, mixture, { heads: 5, keyValueHeads: 1, headDim: 128 });
  }),
  ...(
    [
      ["a row with ten pages before it", run(2, 300, 1), { heads: 4, keyValueHeads: 2, headDim: 32 }],
      ["seventy rows of a prompt", run(1, 30, 70), { heads: 2, keyValueHeads: 1, headDim: 7 }],
      [
        "twenty rows of a prompt with heads as large as the 9B's",
        run(3, 40, 20),
        { heads: 2, keyValueHeads: 1, headDim: 128, dtype: "bf16" },
      ],
    ] as const
  ).map(([name, places, sizes]) =>
    opCase("attention", name, { rows: places.length, context: 12 * PAGE_SIZE }, (c) => {
      buildAttention(c, places, { ...sizes, isLong: true });
    }),
  ),
  opCase("attention", "scores whose exponentials overflow", options(mixture, 1e-8), (c) => {
    buildAttention(c, mixture, { heads: 2, keyValueHeads: 1, headDim: 8 }, 40);
  }),
];

export const attentionCases: readonly OpCase[] = [...writeKv, ...attention];
