import { createSampler, SamplerError } from "@krait/sampler";
import { CHOICE_COLUMNS, ChoiceColumn, SETTING_COLUMNS, SettingColumn } from "@krait/tensor";
import type { Matrix } from "../matrix.ts";

/** The feeds of {@link drawToken}, as `DrawToken` in `@krait/tensor` describes them. */
export interface DrawSettings {
  readonly slot: Int32Array;
  readonly position: Int32Array;
  readonly setting: Float32Array;
  readonly choice: Int32Array;
}

/**
 * Draws a token from each output row, as `@krait/sampler` defines it, and leaves it in `lastToken[slot]`.
 *
 * A row of slot −1 is padding and gives −1. So does one that nothing can be drawn from, because a
 * logit is NaN or +∞ or all are −∞; its `lastToken` stays.
 */
export function drawToken(
  outputRows: number,
  logits: Matrix,
  { slot, position, setting, choice }: DrawSettings,
  lastToken: Int32Array,
  output: Matrix<Int32Array>,
): void {
  for (let row = 0; row < outputRows; row++) {
    const settings = row * SETTING_COLUMNS;
    const choices = row * CHOICE_COLUMNS;
    const to = output.offset + row * output.stride;
    output.data[to] = -1;
    if (slot[row] === -1) continue;

    const sampler = createSampler({
      temperature: setting[settings + SettingColumn.temperature]!,
      topP: setting[settings + SettingColumn.topP]!,
      minP: setting[settings + SettingColumn.minP]!,
      topK: choice[choices + ChoiceColumn.topK]!,
      seed: seedOf(choice[choices + ChoiceColumn.seedLow]!, choice[choices + ChoiceColumn.seedHigh]!),
    });
    const from = logits.offset + row * logits.stride;
    const ofRow = logits.data.subarray(from, from + logits.columns);
    try {
      const { token } = sampler.sample(ofRow, { position: position[row]! });
      output.data[to] = token;
      lastToken[slot[row]!] = token;
    } catch (error) {
      if (!isWithoutCandidate(error)) throw error;
    }
  }
}

/** Two words of 32 bits, taken as unsigned. */
function seedOf(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

function isWithoutCandidate(error: unknown): boolean {
  return (
    error instanceof SamplerError &&
    (error.code === "SAMPLING_LOGIT" || error.code === "SAMPLING_NO_CANDIDATE")
  );
}
