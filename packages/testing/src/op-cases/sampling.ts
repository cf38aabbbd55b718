import {
  CHOICE_COLUMNS,
  ChoiceColumn,
  type Operand,
  SEEN_IN_PROMPT,
  SETTING_COLUMNS,
  SettingColumn,
  type StateRef,
} from "@krait/tensor";
import { type CaseBuilder, type OpCase, opCase } from "./op-case.ts";

/** Sampling settings of one output row; what is left out changes nothing. */
interface Settings {
  readonly slot?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly repetitionPenalty?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly seed?: readonly [low: number, high: number];
  readonly maskRow?: number;
}

function settingFeeds(c: CaseBuilder, rows: readonly Settings[]) {
  const setting = new Float32Array(rows.length * SETTING_COLUMNS);
  const choice = new Int32Array(rows.length * CHOICE_COLUMNS);
  for (const [row, settings] of rows.entries()) {
    const numbers = setting.subarray(row * SETTING_COLUMNS);
    numbers[SettingColumn.temperature] = settings.temperature ?? 0;
    numbers[SettingColumn.topP] = settings.topP ?? 1;
    numbers[SettingColumn.minP] = settings.minP ?? 0;
    numbers[SettingColumn.repetitionPenalty] = settings.repetitionPenalty ?? 1;
    numbers[SettingColumn.presencePenalty] = settings.presencePenalty ?? 0;
    numbers[SettingColumn.frequencyPenalty] = settings.frequencyPenalty ?? 0;
    const integers = choice.subarray(row * CHOICE_COLUMNS);
    integers[ChoiceColumn.topK] = settings.topK ?? 0;
    integers[ChoiceColumn.seedLow] = settings.seed?.[0] ?? 1;
    integers[ChoiceColumn.seedHigh] = settings.seed?.[1] ?? 0;
    integers[ChoiceColumn.maskRow] = settings.maskRow ?? -1;
  }
  const slots = Int32Array.from(rows, ({ slot }, row) => slot ?? row);
  return {
    slot: c.feed(["outputRows"], slots),
    setting: c.feed(["outputRows", SETTING_COLUMNS], setting),
    choice: c.feed(["outputRows", CHOICE_COLUMNS], choice),
  };
}

/** Logits as `forward` leaves them: one row more than the step has. */
function logits(
  c: CaseBuilder,
  outputRows: number,
  vocabularySize: number,
  values?: ArrayLike<number>,
): StateRef {
  const count = outputRows + 1;
  const held = values ?? c.random.normal(count * vocabularySize, 3);
  return c.state({ per: "outputRow", count, shape: [vocabularySize], dtype: "f32" }, held);
}

/** Two of the values of each row, `[outputRows, vocabularySize]`, are equal and the largest. */
function withTies(c: CaseBuilder, outputRows: number, vocabularySize: number): Float32Array {
  const values = c.random.normal((outputRows + 1) * vocabularySize, 3);
  for (let row = 0; row <= outputRows; row++) {
    for (const id of [3, vocabularySize - 2]) values[row * vocabularySize + id] = 20;
  }
  return values;
}

const BIASES = 3;

/** Settings, and the vocabulary: 37 fills no word of a mask. */
const adjustments: readonly (readonly [name: string, vocabularySize: number, rows: readonly Settings[]])[] = [
  ["no penalty, bias alone", 37, [{}, {}]],
  ["a repetition penalty", 37, [{ repetitionPenalty: 1.3 }, { repetitionPenalty: 0.8 }]],
  ["a presence penalty", 64, [{ presencePenalty: 0.7 }, {}]],
  ["a frequency penalty", 64, [{}, { frequencyPenalty: 0.25 }]],
  ["masks, one of them shared", 37, [{ maskRow: 2 }, { maskRow: 0 }, { maskRow: 2 }]],
  [
    "everything, slots out of order, and padding",
    301,
    [
      { slot: 2, repetitionPenalty: 1.1, presencePenalty: 0.5, frequencyPenalty: 0.1, maskRow: 1 },
      { slot: -1, repetitionPenalty: 2 },
      { slot: 0, repetitionPenalty: 1.2, frequencyPenalty: -0.3, maskRow: -1 },
    ],
  ],
];

const adjustLogits = adjustments.map(([name, vocabularySize, rows]) =>
  opCase("adjustLogits", name, { rows: 0, outputRows: rows.length }, (c) => {
    const outputRows = rows.length;
    const count = { per: "slot", count: 3, shape: [vocabularySize], dtype: "i32" } as const;
    const counts = Array.from({ length: 3 * vocabularySize }, () => {
      const n = c.random.integer(0, 4);
      return c.random.next() < 0.3 ? n + SEEN_IN_PROMPT : n;
    });
    const words = Math.ceil(vocabularySize / 32);
    c.b.adjustLogits({
      logits: logits(c, outputRows, vocabularySize),
      count: c.state(count, counts),
      ...settingFeeds(c, rows),
      // Two biases for one token of a row add up; −1 is none.
      biasToken: c.feed(
        ["outputRows", BIASES],
        Int32Array.from(rows.flatMap((_, row) => [row + 5, -1, row + 5])),
      ),
      biasValue: c.feed(["outputRows", BIASES], c.random.normal(outputRows * BIASES)),
      mask: c.feed(
        ["outputRows", words],
        Uint32Array.from({ length: outputRows * words }, () => c.random.next() * 2 ** 32),
      ),
    });
  }),
);

/** Logits as an operand, and where each output row stands. */
function drawOperands(c: CaseBuilder, rows: readonly Settings[], vocabularySize: number) {
  const row = c.feed(["outputRows"], Int32Array.from(rows.keys()));
  return {
    logits: c.b.gatherRows(c.rows(vocabularySize, 2), row),
    position: c.feed(
      ["outputRows"],
      Int32Array.from(rows, (_, index) => 1000 * index + 17),
    ),
    lastToken: c.state({ per: "slot", count: rows.length, shape: [1], dtype: "i32" } as const),
    ...settingFeeds(c, rows),
  };
}

const draws: readonly (readonly [name: string, vocabularySize: number, rows: readonly Settings[]])[] = [
  ["greedy", 37, [{}, {}]],
  [
    "the whole distribution, by seed",
    37,
    [5, 6, 7, 8].map((low) => ({ temperature: 1, seed: [low, -3] as const })),
  ],
  ["temperatures", 300, [{ temperature: 0.3 }, { temperature: 1.7 }, { temperature: 5 }]],
  [
    "the largest few",
    300,
    [
      { temperature: 3, topK: 1 },
      { temperature: 3, topK: 4 },
      { temperature: 3, topK: 900 },
    ],
  ],
  [
    "the most likely mass",
    300,
    [
      { temperature: 1, topP: 0.2 },
      { temperature: 2, topP: 0.9 },
    ],
  ],
  [
    "at least a share of the largest",
    64,
    [
      { temperature: 2, minP: 0.3 },
      { temperature: 2, minP: 0.01 },
    ],
  ],
  [
    "settings of all kinds, slots out of order, and padding",
    301,
    [
      { slot: 3, temperature: 0.6, topP: 0.95 },
      { slot: -1, temperature: 1 },
      { slot: 0 },
      { slot: 1, temperature: 1.2, topK: 40, topP: 0.9, minP: 0.05, seed: [-1, 2 ** 31 - 1] },
    ],
  ],
];

const drawToken = [
  ...draws.map(([name, vocabularySize, rows]) =>
    opCase("drawToken", name, { rows: rows.length, outputRows: rows.length }, (c) => {
      c.b.drawToken(drawOperands(c, rows, vocabularySize));
    }),
  ),
  ...[0, 0.7].map((temperature) =>
    opCase(
      "drawToken",
      `equal largest logits at temperature ${temperature}`,
      { rows: 2, outputRows: 2 },
      (c) => {
        const table = c.weight([2, 40], { values: withTies(c, 1, 40) });
        const row = c.feed(["outputRows"], Int32Array.of(0, 1));
        const tied: Operand = c.b.gatherRows(c.b.embed(c.tokens(Int32Array.of(0, 1)), table), row);
        const rows = [
          { temperature, topK: 1 },
          { temperature, seed: [9, 9] as const },
        ];
        c.b.drawToken({ ...drawOperands(c, rows, 40), logits: tied });
      },
    ),
  ),
];

const logSumExp = (
  [
    [1, 7, 1],
    [3, 300, 3],
    [2, 64, 200],
  ] as const
).map(([outputRows, vocabularySize, deviation]) =>
  opCase(
    "logSumExp",
    `${outputRows} × ${vocabularySize}, deviation ${deviation}`,
    { rows: 0, outputRows },
    (c) => {
      const values = c.random.normal((outputRows + 1) * vocabularySize, deviation);
      values[2] = -Infinity;
      c.b.logSumExp(logits(c, outputRows, vocabularySize, values));
    },
  ),
);

const topK = (
  [
    [1, 7, 1],
    [3, 300, 20],
    [2, 37, 37],
  ] as const
).map(([outputRows, vocabularySize, count]) =>
  opCase("topK", `the ${count} largest of ${vocabularySize}, with ties`, { rows: 0, outputRows }, (c) => {
    c.b.topK(logits(c, outputRows, vocabularySize, withTies(c, outputRows, vocabularySize)), { count });
  }),
);

const tokenLogit = [
  opCase("tokenLogit", "the logit of one column of several ids", { rows: 0, outputRows: 3 }, (c) => {
    const state = logits(c, 3, 50);
    const { ids } = c.b.topK(state, { count: 4 });
    const [, second] = c.b.split(ids, [2, 1, 1]);
    c.b.tokenLogit(state, second!);
  }),
];

export const samplingCases: readonly OpCase[] = [
  ...adjustLogits,
  ...drawToken,
  ...logSumExp,
  ...topK,
  ...tokenLogit,
];
