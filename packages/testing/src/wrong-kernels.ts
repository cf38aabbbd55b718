import {
  CHOICE_COLUMNS,
  ChoiceColumn,
  type Op,
  type OpName,
  type OpOf,
  PAGE_SIZE,
  SEGMENT_COLUMNS,
  SETTING_COLUMNS,
  SegmentColumn,
  SettingColumn,
} from "@krait/tensor";

/** A mistake that a kernel of this op is easily written with. */
export interface WrongKernel {
  readonly op: OpName;
  readonly mistake: string;
  /** The op that is computed instead. */
  readonly rewrite?: (op: Op) => Op;
  /** Or the feed that is misread, by the op's field, and how. */
  readonly feed?: { readonly field: string; readonly misread: (values: Int32Array | Float32Array) => void };
}

function computes<Name extends OpName>(
  op: Name,
  mistake: string,
  change: (op: OpOf<Name>) => Partial<Record<keyof OpOf<Name>, unknown>>,
): WrongKernel {
  const rewrite = (given: Op): Op => {
    if (given.op !== op) return given;
    const fields = Object.entries({ ...given, ...change(given as OpOf<Name>) });
    return Object.fromEntries(fields.filter(([, value]) => value !== undefined)) as unknown as Op;
  };
  return { op, mistake, rewrite };
}

function misreads(
  op: OpName,
  mistake: string,
  field: string,
  misread: (values: Int32Array | Float32Array) => void,
): WrongKernel {
  return { op, mistake, feed: { field, misread } };
}

/** Changes every number of a feed. */
function each(to: (value: number) => number) {
  return (values: Int32Array | Float32Array): void => {
    for (const [index, value] of values.entries()) values[index] = to(value);
  };
}

/** Sets one column of every row of a feed. */
function column(columns: number, index: number, to: (row: Int32Array | Float32Array) => number) {
  return (values: Int32Array | Float32Array): void => {
    for (let at = 0; at < values.length; at += columns)
      values[at + index] = to(values.subarray(at, at + columns));
  };
}

/** Every slot but padding. */
const firstSlot = (slot: number): number => Math.min(slot, 0);

const recurrentOps = ["countTokens", "causalConv", "ssmScan"] as const;
const pagedOps = ["writeKv", "attention"] as const;

const segmentMistakes = recurrentOps.flatMap((op) => [
  misreads(
    op,
    "starts from the slot it writes",
    "segment",
    column(SEGMENT_COLUMNS, SegmentColumn.readSlot, (row) => row[SegmentColumn.writeSlot]!),
  ),
  misreads(op, "leaves no mark", "segment", (values) => {
    column(SEGMENT_COLUMNS, SegmentColumn.markRow, () => -1)(values);
    column(SEGMENT_COLUMNS, SegmentColumn.markSlot, () => -1)(values);
  }),
  misreads(
    op,
    "marks the last row",
    "segment",
    column(SEGMENT_COLUMNS, SegmentColumn.markRow, (row) =>
      row[SegmentColumn.markRow] === -1
        ? -1
        : row[SegmentColumn.startRow]! + row[SegmentColumn.rowCount]! - 1,
    ),
  ),
]);

const settingMistakes = (
  [
    ["drawToken", "temperature", 1],
    ["drawToken", "topP", 1],
    ["drawToken", "minP", 0],
    ["adjustLogits", "repetitionPenalty", 1],
    ["adjustLogits", "presencePenalty", 0],
    ["adjustLogits", "frequencyPenalty", 0],
  ] as const
).map(([op, setting, neutral]) =>
  misreads(
    op,
    `ignores ${setting}`,
    "setting",
    column(SETTING_COLUMNS, SettingColumn[setting], () => neutral),
  ),
);

const choiceMistakes = (
  [
    ["drawToken", "topK", 0],
    ["drawToken", "seedLow", 0],
    ["drawToken", "seedHigh", 0],
    ["adjustLogits", "maskRow", -1],
  ] as const
).map(([op, choice, neutral]) =>
  misreads(
    op,
    `ignores ${choice}`,
    "choice",
    column(CHOICE_COLUMNS, ChoiceColumn[choice], () => neutral),
  ),
);

export const wrongKernels: readonly WrongKernel[] = [
  computes("linear", "leaves out the bias", () => ({ bias: undefined })),
  computes("linear", "leaves out the activation", () => ({ activation: undefined })),
  computes("linear", "leaves out the residual", () => ({ residual: undefined })),
  computes("linear", "ignores the view's offset", ({ input }) => ({ input: { ...input, offset: 0 } })),
  computes("rmsNorm", "leaves out epsilon", () => ({ epsilon: 0 })),
  computes("rmsNorm", "ignores the view's offset", ({ input }) => ({ input: { ...input, offset: 0 } })),
  computes("causalConv", "leaves out the bias", () => ({ bias: undefined })),
  computes("causalConv", "leaves out the activation", () => ({ activation: undefined })),
  computes("ssmScan", "swaps B and C", ({ b, c }) => ({ b: c, c: b })),
  computes("ssmScan", "swaps a and d", ({ a, d }) => ({ a: d, d: a })),
  computes("ssmScan", "does not limit the time step", () => ({ timeStepLimit: [0, Infinity] })),
  computes("gatedGroupNorm", "normalizes all channels as one group", () => ({ groups: 1 })),
  computes("gatedGroupNorm", "swaps gate and input", ({ gate, input }) => ({ gate: input, input: gate })),
  computes("gatedGroupNorm", "leaves out epsilon", () => ({ epsilon: 0 })),
  computes("writeKv", "swaps keys and values", ({ key, value }) => ({ key: value, value: key })),
  computes("attention", "swaps keys and values", ({ keys, values }) => ({ keys: values, values: keys })),
  computes("attention", "scales otherwise", ({ scale }) => ({ scale: scale * 1.01 })),
  computes("tokenLogit", "ignores the view's offset", ({ token }) => ({ token: { ...token, offset: 0 } })),
  ...pagedOps.flatMap((op) => [
    misreads(
      op,
      "knows one page",
      "position",
      each((position) => position % PAGE_SIZE),
    ),
    misreads(op, "takes every row for the first slot's", "slot", each(firstSlot)),
  ]),
  misreads(
    "attention",
    "does not see the row itself",
    "position",
    each((position) => Math.max(0, position - 1)),
  ),
  ...segmentMistakes,
  misreads(
    "countTokens",
    "takes every token for the prompt's",
    "generated",
    each(() => 0),
  ),
  misreads("resolveToken", "takes sampled tokens from the first slot", "slot", each(firstSlot)),
  misreads(
    "gatherRows",
    "takes the first row",
    "row",
    each(() => 0),
  ),
  ...settingMistakes,
  ...choiceMistakes,
  misreads(
    "drawToken",
    "draws alike at every position",
    "position",
    each(() => 0),
  ),
  misreads("adjustLogits", "takes the counts of the first slot", "slot", each(firstSlot)),
  misreads(
    "adjustLogits",
    "leaves out biases",
    "biasToken",
    each(() => -1),
  ),
];
