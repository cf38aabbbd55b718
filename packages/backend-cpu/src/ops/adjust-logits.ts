import { CHOICE_COLUMNS, ChoiceColumn, SEEN_IN_PROMPT, SETTING_COLUMNS, SettingColumn } from "@krait/tensor";
import type { Matrix } from "../matrix.ts";

/** The feeds and counts of {@link adjustLogits}, as `AdjustLogits` in `@krait/tensor` describes them. */
export interface Adjustments {
  readonly count: Int32Array;
  readonly slot: Int32Array;
  readonly setting: Float32Array;
  readonly choice: Int32Array;
  readonly biasToken: Int32Array;
  readonly biasValue: Float32Array;
  readonly biases: number;
  readonly mask: Uint32Array;
}

/**
 * Penalties, bias and mask, in this order.
 *
 *   seen      l = l > 0 ? l / repetitionPenalty : l · repetitionPenalty        token in prompt or output
 *   generated l = l − presencePenalty − frequencyPenalty · n                   n > 0 times in the output
 *   biased    l = l + biasValue                                               for each biasToken ≥ 0
 *   masked    l = −∞                                                          where the mask's bit is 0
 *
 * Penalties are computed in double precision and rounded once, as is the sum with each bias.
 * Rows of slot −1 are padding and stay as they are.
 */
export function adjustLogits(
  outputRows: number,
  vocabularySize: number,
  logits: Float32Array,
  { count, slot, setting, choice, biasToken, biasValue, biases, mask }: Adjustments,
  output: Matrix,
): void {
  const maskWords = Math.ceil(vocabularySize / 32);
  for (let row = 0; row < outputRows; row++) {
    const to = output.offset + row * output.stride;
    for (let t = 0; t < vocabularySize; t++) output.data[to + t] = logits[row * vocabularySize + t]!;
    if (slot[row] === -1) continue;

    const settings = row * SETTING_COLUMNS;
    const repetition = setting[settings + SettingColumn.repetitionPenalty]!;
    const presence = setting[settings + SettingColumn.presencePenalty]!;
    const frequency = setting[settings + SettingColumn.frequencyPenalty]!;
    if (repetition !== 1 || presence !== 0 || frequency !== 0) {
      const counts = slot[row]! * vocabularySize;
      for (let t = 0; t < vocabularySize; t++) {
        const seen = count[counts + t]!;
        if (seen === 0) continue;
        const l = output.data[to + t]!;
        const repeated = l > 0 ? l / repetition : l * repetition;
        const n = seen & ~SEEN_IN_PROMPT;
        output.data[to + t] = n > 0 ? repeated - presence - frequency * n : repeated;
      }
    }
    for (let i = row * biases; i < (row + 1) * biases; i++) {
      if (biasToken[i]! >= 0) output.data[to + biasToken[i]!]! += biasValue[i]!;
    }
    const maskRow = choice[row * CHOICE_COLUMNS + ChoiceColumn.maskRow]!;
    if (maskRow === -1) continue;
    for (let t = 0; t < vocabularySize; t++) {
      const word = mask[maskRow * maskWords + (t >>> 5)]!;
      if (((word >>> (t & 31)) & 1) === 0) output.data[to + t] = -Infinity;
    }
  }
}
