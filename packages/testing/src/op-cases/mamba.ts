import { type CaseBuilder, type OpCase, opCase } from "./op-case.ts";
import { type SegmentRow, SLOTS, segmentFeed, segmentLayouts } from "./segments.ts";

interface ConvSizes {
  readonly channels: number;
  readonly kernelSize: number;
  readonly bias?: boolean;
  readonly activation?: "silu" | "relu2";
}

function buildConv(c: CaseBuilder, segments: readonly SegmentRow[], sizes: ConvSizes): void {
  const { channels, kernelSize, bias, activation } = sizes;
  c.b.causalConv({
    input: c.view(channels),
    weight: c.weight([channels, kernelSize], { deviation: 0.5 }),
    ...(bias && { bias: c.weight([channels]) }),
    ...(activation && { activation }),
    kernelSize,
    segment: segmentFeed(c, segments),
    window: c.state({ per: "slot", count: SLOTS, shape: [channels, kernelSize - 1], dtype: "f32" }),
  });
}

const severalSegments = segmentLayouts[3]!;

const causalConv = [
  ...segmentLayouts.map(({ name, rows, segments }) =>
    opCase("causalConv", name, { rows, segments: segments.length }, (c) => {
      buildConv(c, segments, { channels: 33, kernelSize: 4, bias: true, activation: "silu" });
    }),
  ),
  ...(
    [
      { channels: 64, kernelSize: 4 },
      { channels: 7, kernelSize: 2, bias: true },
      { channels: 5, kernelSize: 3, activation: "relu2" },
    ] as const
  ).map((sizes) => {
    const { rows, segments } = severalSegments;
    return opCase("causalConv", Object.values(sizes).join(", "), { rows, segments: segments.length }, (c) => {
      buildConv(c, segments, sizes);
    });
  }),
];

interface ScanSizes {
  readonly heads: number;
  readonly headDim: number;
  readonly stateSize: number;
  readonly groups: number;
  readonly chunkSize: number;
  readonly timeStepLimit?: readonly [number, number];
}

function buildScan(c: CaseBuilder, segments: readonly SegmentRow[], sizes: ScanSizes): void {
  const { heads, headDim, stateSize, groups } = sizes;
  const width = heads * headDim;
  const states = groups * stateSize;
  // As in the model: all four are columns of one projection, of which others stand before and between.
  const [, x, b, cColumns, , dt] = c.b.split(c.rows(3 + width + 2 * states + 1 + heads), [
    3,
    width,
    states,
    states,
    1,
    heads,
  ]);
  const timeStep = c.random.uniform(heads, 0.01, 0.3);
  c.b.ssmScan({
    x: x!,
    b: b!,
    c: cColumns!,
    dt: dt!,
    a: c.weight([heads], { values: c.random.uniform(heads, -8, -0.5) }),
    d: c.weight([heads]),
    dtBias: c.weight([heads], { values: timeStep.map((step) => Math.log(Math.expm1(step))) }),
    timeStepLimit: [0, Infinity],
    ...sizes,
    segment: segmentFeed(c, segments),
    recurrent: c.state({ per: "slot", count: SLOTS, shape: [heads, headDim, stateSize], dtype: "f32" }),
  });
}

const usual: ScanSizes = { heads: 4, headDim: 8, stateSize: 16, groups: 2, chunkSize: 8 };

const ssmScan = [
  ...segmentLayouts.map(({ name, rows, segments }) =>
    opCase("ssmScan", name, { rows, segments: segments.length }, (c) => buildScan(c, segments, usual)),
  ),
  ...(
    [
      ["a group for each head", { heads: 3, headDim: 5, stateSize: 7, groups: 3, chunkSize: 4 }],
      ["one group", { heads: 6, headDim: 4, stateSize: 33, groups: 1, chunkSize: 16 }],
      ["a chunk longer than the segment", { ...usual, chunkSize: 128 }],
      ["a limit on the time step", { ...usual, timeStepLimit: [0.05, 0.2] }],
      ["the 9B's head", { heads: 2, headDim: 80, stateSize: 128, groups: 1, chunkSize: 128 }],
    ] as const
  ).map(([name, sizes]) => {
    const { rows, segments } = severalSegments;
    return opCase("ssmScan", name, { rows, segments: segments.length }, (c) => buildScan(c, segments, sizes));
  }),
];

const gatedGroupNorm = (
  [
    [1, 64, 1],
    [3, 96, 2],
    [5, 40, 8],
    [2, 21, 3],
  ] as const
).map(([rows, channels, groups]) =>
  opCase("gatedGroupNorm", `${rows} × ${channels} in ${groups} groups, of views`, { rows }, (c) => {
    c.b.gatedGroupNorm({
      input: c.view(channels),
      gate: c.view(channels),
      weight: c.weight([channels]),
      groups,
      epsilon: 1e-3,
    });
  }),
);

export const mambaCases: readonly OpCase[] = [...causalConv, ...ssmScan, ...gatedGroupNorm];
