import type { ResolvedSamplingOptions } from "@krait/sampler";
import { CHOICE_COLUMNS, ChoiceColumn, SETTING_COLUMNS, SettingColumn } from "@krait/tensor";
import { EngineError } from "./errors.ts";
import type { Feed } from "./held-feeds.ts";
import type { Sequence } from "./state-pool.ts";

/** One request's sampling options as the rows that the `sample` Program's feeds take. */
export interface SamplingFeeds {
  readonly setting: Float32Array;
  readonly choice: Int32Array;
  readonly biasToken: Int32Array;
  readonly biasValue: Float32Array;
}

/** A row of logits from which a token is drawn. */
export interface SampleRow {
  readonly sequence: Sequence;
  readonly feeds: SamplingFeeds;
  /** Place of the token that is drawn. */
  readonly position: number;
  /** How many of the most likely tokens are read with it; undefined for no log-probabilities. */
  readonly top: number | undefined;
  /** The tokens that may be drawn, a bit each; all of them unless given. */
  readonly mask?: Uint32Array | null | undefined;
}

/** A bias that no logit reaches: whatever the model thinks, this token is the largest. */
const CERTAIN = 1e30;

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

/** Feeds that draw one token for certain, which is how the log-probability of a given token is read. */
export function certainToken(token: number, maxBiases: number): SamplingFeeds {
  const setting = new Float32Array(SETTING_COLUMNS);
  setting[SettingColumn.topP] = 1;
  setting[SettingColumn.repetitionPenalty] = 1;
  const choice = new Int32Array(CHOICE_COLUMNS);
  choice[ChoiceColumn.maskRow] = -1;
  const biasToken = new Int32Array(maxBiases).fill(-1);
  const biasValue = new Float32Array(maxBiases);
  biasToken[0] = token;
  biasValue[0] = CERTAIN;
  return { setting, choice, biasToken, biasValue };
}

/** Rows of logits as the feeds of the `sample` Program, which are kept as long as the rows stay the same. */
export class SampleRows {
  readonly #maxBiases: number;
  /** 32-bit words of a mask. */
  readonly #maskWords: number;
  #rows: readonly SampleRow[] = [];
  #feeds: Readonly<Record<string, Feed>> = {};

  constructor(maxBiases: number, maskWords: number) {
    this.#maxBiases = maxBiases;
    this.#maskWords = maskWords;
  }

  /**
   * Lays rows one after the other, padding up to `outputRows` with rows that draw nothing. The masks are
   * among them only where some row has one: they are large.
   */
  join(rows: readonly SampleRow[], outputRows: number): Readonly<Record<string, Feed>> {
    const position = new Int32Array(outputRows);
    for (let index = 0; index < rows.length; index++) position[index] = rows[index]!.position;
    const isKept = outputRows === this.#feeds.position?.length && areAlike(rows, this.#rows);
    this.#feeds = { ...(isKept ? this.#feeds : this.#join(rows, outputRows)), position };
    this.#rows = rows;
    return this.#feeds;
  }

  /** All but the positions. */
  #join(rows: readonly SampleRow[], outputRows: number): Record<string, Feed> {
    const [maxBiases, maskWords] = [this.#maxBiases, this.#maskWords];
    const slot = new Int32Array(outputRows).fill(-1);
    const setting = new Float32Array(outputRows * SETTING_COLUMNS);
    const choice = new Int32Array(outputRows * CHOICE_COLUMNS);
    const biasToken = new Int32Array(outputRows * maxBiases).fill(-1);
    const biasValue = new Float32Array(outputRows * maxBiases);
    const masked = rows.some(({ mask }) => mask != null);
    const mask = new Uint32Array(masked ? outputRows * maskWords : 0);
    for (const [index, row] of rows.entries()) {
      slot[index] = row.sequence.slot;
      setting.set(row.feeds.setting, index * SETTING_COLUMNS);
      choice.set(row.feeds.choice, index * CHOICE_COLUMNS);
      biasToken.set(row.feeds.biasToken, index * maxBiases);
      biasValue.set(row.feeds.biasValue, index * maxBiases);
      if (row.mask == null) continue;
      choice[index * CHOICE_COLUMNS + ChoiceColumn.maskRow] = index;
      mask.set(row.mask.subarray(0, maskWords), index * maskWords);
    }
    return { slot, setting, choice, biasToken, biasValue, ...(masked && { mask }) };
  }
}

/** Whether rows differ by their positions at most. */
function areAlike(rows: readonly SampleRow[], others: readonly SampleRow[]): boolean {
  if (rows.length !== others.length) return false;
  for (let index = 0; index < rows.length; index++) {
    const [row, other] = [rows[index]!, others[index]!];
    if (row.mask != null || other.mask != null) return false;
    if (row.sequence.slot !== other.sequence.slot || row.feeds !== other.feeds) return false;
  }
  return true;
}
