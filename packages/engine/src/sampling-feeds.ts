import type { ResolvedSamplingOptions } from "@krait/sampler";
import { CHOICE_COLUMNS, ChoiceColumn, SETTING_COLUMNS, SettingColumn } from "@krait/tensor";
import { EngineError } from "./errors.ts";

/** One request's sampling options as the rows that the `sample` Program's feeds take. */
export interface SamplingFeeds {
  readonly setting: Float32Array;
  readonly choice: Int32Array;
  readonly biasToken: Int32Array;
  readonly biasValue: Float32Array;
}

/** @throws {EngineError} `REQUEST_INVALID` when there are more biases than the model was loaded for. */
export function samplingFeeds(options: ResolvedSamplingOptions, maxBiases: number): SamplingFeeds {
  if (options.logitBias.size > maxBiases) {
    throw new EngineError(
      "REQUEST_INVALID",
      `logitBias has ${options.logitBias.size} entries, but the model was loaded for ${maxBiases}. ` +
        "Load it with a larger maxBiases.",
      { field: "logitBias", expected: maxBiases, actual: options.logitBias.size },
    );
  }
  const setting = new Float32Array(SETTING_COLUMNS);
  setting[SettingColumn.temperature] = options.temperature;
  setting[SettingColumn.topP] = options.topP;
  setting[SettingColumn.minP] = options.minP;
  setting[SettingColumn.repetitionPenalty] = options.repetitionPenalty;
  setting[SettingColumn.presencePenalty] = options.presencePenalty;
  setting[SettingColumn.frequencyPenalty] = options.frequencyPenalty;

  const choice = new Int32Array(CHOICE_COLUMNS);
  choice[ChoiceColumn.topK] = options.topK;
  choice[ChoiceColumn.seedLow] = Number(BigInt.asIntN(32, options.seed));
  choice[ChoiceColumn.seedHigh] = Number(BigInt.asIntN(32, options.seed >> 32n));
  choice[ChoiceColumn.maskRow] = -1;

  const biasToken = new Int32Array(maxBiases).fill(-1);
  const biasValue = new Float32Array(maxBiases);
  for (const [index, [token, bias]] of [...options.logitBias].entries()) {
    biasToken[index] = token;
    biasValue[index] = bias;
  }
  return { setting, choice, biasToken, biasValue };
}
