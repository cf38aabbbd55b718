import {
  CHOICE_COLUMNS,
  ChoiceColumn,
  type Extent,
  type OpOf,
  SETTING_COLUMNS,
  SettingColumn,
} from "@krait/tensor";
import type { Bindings } from "./bindings.ts";
import { endOf, type FeedCheck } from "./feed-check.ts";
import { floatBits } from "./op-list.ts";

type SettingOp = OpOf<"drawToken" | "adjustLogits">;

const LARGEST = 3.4028234663852886e38;

/** The settings that an op reads are in the ranges of `@krait/sampler`'s options, in all rows but padding. */
export function settingChecks(op: SettingOp, at: Bindings): FeedCheck[] {
  return op.op === "drawToken"
    ? [
        number(op, "temperature", "0 or more", at, { least: 0 }),
        number(op, "topP", "above 0, up to 1", at, { least: 0, most: 1, above: true }),
        number(op, "minP", "0 to 1", at, { least: 0, most: 1 }),
        integer(op, "topK", 0, 2 ** 31, at),
      ]
    : [
        number(op, "repetitionPenalty", "above 0", at, { least: 0, above: true }),
        number(op, "presencePenalty", "a finite number", at),
        number(op, "frequencyPenalty", "a finite number", at),
        integer(op, "maskRow", -1, "outputRows", at),
      ];
}

/** `CheckNumber`: one column of the feed of numbers. */
function number(
  op: SettingOp,
  says: keyof typeof SettingColumn,
  range: string,
  at: Bindings,
  { least = -LARGEST, most = LARGEST, above = false } = {},
): FeedCheck {
  const values = at.feed(op.setting) + 4 * SettingColumn[says];
  const bounds = [floatBits(least), floatBits(most), above ? 1 : 0];
  return {
    kernel: "checkNumber",
    words: [at.extent("outputRows"), at.feed(op.slot), values, SETTING_COLUMNS, ...bounds],
    names: { feed: op.setting.feed, says, range },
  };
}

/** `CheckRange`: one column of the feed of integers. */
function integer(
  op: SettingOp,
  says: "topK" | "maskRow",
  least: number,
  end: number | Extent,
  at: Bindings,
): FeedCheck {
  const values = at.feed(op.choice) + 4 * ChoiceColumn[says];
  return {
    kernel: "checkRange",
    words: [at.extent("outputRows"), at.feed(op.slot), values, 1, CHOICE_COLUMNS, least, ...endOf(end, at)],
    names: { feed: op.choice.feed, says },
  };
}
