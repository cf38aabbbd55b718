import { CHOICE_COLUMNS, ChoiceColumn, type OpOf, SETTING_COLUMNS, SettingColumn } from "@krait/tensor";
import type { Bindings } from "../bindings.ts";
import type { FeedCheck, Refuse } from "./feed-checks.ts";

type Range = readonly [expected: string, fits: (value: number) => boolean];

/** The ranges of `@krait/sampler`'s options. */
const drawRanges: { readonly [name in keyof typeof SettingColumn]?: Range } = {
  temperature: ["0 or more", (value) => value >= 0 && value < Infinity],
  topP: ["above 0, up to 1", (value) => value > 0 && value <= 1],
  minP: ["0 to 1", (value) => value >= 0 && value <= 1],
};

const penaltyRanges: typeof drawRanges = {
  repetitionPenalty: ["above 0", (value) => value > 0 && value < Infinity],
  presencePenalty: ["a finite number", Number.isFinite],
  frequencyPenalty: ["a finite number", Number.isFinite],
};

/** The settings that an op reads are in their ranges, in all rows but padding. */
export function settingCheck(
  op: OpOf<"drawToken" | "adjustLogits">,
  at: Bindings,
  refuse: Refuse,
): FeedCheck {
  const slot = at.intFeed(op.slot);
  const setting = at.floatFeed(op.setting);
  const choice = at.intFeed(op.choice);
  const ranges = Object.entries(op.op === "drawToken" ? drawRanges : penaltyRanges);
  return ({ outputRows }) => {
    for (let row = 0; row < outputRows; row++) {
      if (slot[row] === -1) continue;
      for (const [name, [expected, fits]] of ranges) {
        const value = setting[row * SETTING_COLUMNS + SettingColumn[name as keyof typeof SettingColumn]]!;
        if (!fits(value)) {
          refuse(`feed "${op.setting.feed}" has ${name} ${value} in row ${row}, expected ${expected}`);
        }
      }
      const choices = row * CHOICE_COLUMNS;
      const topK = choice[choices + ChoiceColumn.topK]!;
      if (op.op === "drawToken" && topK < 0) {
        refuse(`feed "${op.choice.feed}" has topK ${topK} in row ${row}, expected 0 or more`);
      }
      const maskRow = choice[choices + ChoiceColumn.maskRow]!;
      if (op.op === "adjustLogits" && (maskRow < -1 || maskRow >= outputRows)) {
        refuse(
          `feed "${op.choice.feed}" has mask row ${maskRow} in row ${row}, expected -1 to ${outputRows - 1}`,
        );
      }
    }
  };
}

/** The tokens that get a bias are in the vocabulary, or −1 for none. */
export function biasCheck(op: OpOf<"adjustLogits">, at: Bindings, refuse: Refuse): FeedCheck {
  const vocabularySize = op.output.columns;
  const biases = at.feedColumns(op.biasToken);
  const token = at.intFeed(op.biasToken);
  const slot = at.intFeed(op.slot);
  return ({ outputRows }) => {
    for (let i = 0; i < outputRows * biases; i++) {
      const isPadding = slot[Math.floor(i / biases)] === -1;
      if (isPadding || (token[i]! >= -1 && token[i]! < vocabularySize)) continue;
      refuse(`feed "${op.biasToken.feed}" is ${token[i]} at ${i}, expected -1 to ${vocabularySize - 1}`);
    }
  };
}
