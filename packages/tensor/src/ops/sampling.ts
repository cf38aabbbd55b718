import type { FeedRef, Operand, StateRef } from "../program.ts";
import type { Checker } from "./check.ts";

/** Columns of the f32 feed of sampling settings, one row for each output row. */
export const SettingColumn = {
  /** 0 is greedy. */
  temperature: 0,
  topP: 1,
  minP: 2,
  repetitionPenalty: 3,
  presencePenalty: 4,
  frequencyPenalty: 5,
} as const;

/** Columns of the f32 feed of sampling settings. */
export const SETTING_COLUMNS = 6;

/** Columns of the i32 feed of sampling settings, one row for each output row. */
export const ChoiceColumn = {
  /** 0 is no limit. */
  topK: 0,
  seedLow: 1,
  seedHigh: 2,
  /** Row of the mask feed, or −1 for no mask. */
  maskRow: 3,
} as const;

/** Columns of the i32 feed of sampling settings. */
export const CHOICE_COLUMNS = 4;

/**
 * Penalties, bias and mask, in this order.
 *
 *   seen      l = l > 0 ? l / repetitionPenalty : l · repetitionPenalty        token in prompt or output
 *   generated l = l − presencePenalty − frequencyPenalty · n                   n > 0 times in the output
 *   biased    l = l + biasValue                                               for each biasToken ≥ 0
 *   masked    l = −∞                                                          where the mask's bit is 0
 *
 * Rows of slot −1 are padding and stay as they are.
 *
 * Repetition: Keskar et al. 2019, arXiv:1909.05858, section 4.1, with the sign rule of its common
 * implementation. Presence and frequency: OpenAI API reference.
 */
export interface AdjustLogits {
  readonly op: "adjustLogits";
  /** f32 `[vocabularySize]` for each output row. */
  readonly logits: StateRef;
  /** As {@link CountTokens} leaves it. */
  readonly count: StateRef;
  readonly slot: FeedRef;
  readonly setting: FeedRef;
  readonly choice: FeedRef;
  /** i32 `[outputRows, n]`, −1 for none, and f32 of the same shape. */
  readonly biasToken: FeedRef;
  readonly biasValue: FeedRef;
  /** u32 `[outputRows, ceil(vocabularySize / 32)]`, token t at bit t mod 32 of word floor(t / 32). */
  readonly mask: FeedRef;
  readonly output: Operand;
}

export function checkAdjustLogits(op: AdjustLogits, check: Checker): void {
  const vocabularySize = op.output.columns;
  check.state("logits", op.logits, "outputRow", [vocabularySize], "f32");
  check.state("count", op.count, "slot", [vocabularySize], "i32");
  checkSettings(op, check);
  const biases = check.feedColumns("biasToken", op.biasToken);
  check.feed("biasToken", op.biasToken, "i32", ["outputRows", biases]);
  check.feed("biasValue", op.biasValue, "f32", ["outputRows", biases]);
  check.feed("mask", op.mask, "u32", ["outputRows", Math.ceil(vocabularySize / 32)]);
  check.rows("output", check.operand("output", op.output, vocabularySize), "outputRows");
}

/**
 * Draws a token from each output row and leaves it in `lastToken[slot]`. Exact over the whole row.
 *
 *   temperature 0: the largest logit, the lower id among equals
 *   otherwise      p = softmax(logits / temperature); keep the topK largest, then the smallest set of
 *                  the largest whose mass reaches topP, then those of at least minP times the largest;
 *                  inverse of the cumulative sum in order of logit, then lower id, at u
 *   u              Philox4x32-10, key = seed, counter = position, as `@krait/sampler` defines it
 *
 * `position` is that of the drawn token. A row that nothing can be drawn from, because a logit is NaN
 * or +∞ or all are −∞, gives −1 and leaves `lastToken`. So does padding, a row of slot −1.
 */
export interface DrawToken {
  readonly op: "drawToken";
  readonly logits: Operand;
  readonly slot: FeedRef;
  readonly position: FeedRef;
  readonly setting: FeedRef;
  readonly choice: FeedRef;
  readonly lastToken: StateRef;
  readonly output: Operand;
}

export function checkDrawToken(op: DrawToken, check: Checker): void {
  check.rows("logits", check.operand("logits", op.logits, op.logits.columns), "outputRows");
  checkSettings(op, check);
  check.feed("position", op.position, "i32", ["outputRows"]);
  check.state("lastToken", op.lastToken, "slot", [1], "i32");
  check.rows("output", check.operand("output", op.output, 1, "i32"), "outputRows");
}

function checkSettings(op: AdjustLogits | DrawToken, check: Checker): void {
  check.feed("slot", op.slot, "i32", ["outputRows"]);
  check.feed("setting", op.setting, "f32", ["outputRows", SETTING_COLUMNS]);
  check.feed("choice", op.choice, "i32", ["outputRows", CHOICE_COLUMNS]);
}

/** output[r] = log(sum over t of exp(logits[r, t])), by which logits become log-probabilities. */
export interface LogSumExp {
  readonly op: "logSumExp";
  readonly logits: StateRef;
  readonly output: Operand;
}

export function checkLogSumExp(op: LogSumExp, check: Checker): void {
  check.state("logits", op.logits, "outputRow", check.stateShape("logits", op.logits), "f32");
  check.rows("output", check.operand("output", op.output, 1), "outputRows");
}

/**
 * The largest logits of each row, as many as the outputs have columns: largest first, the lower id
 * among equals. NaN is never among them; where fewer are left, the rest are id −1 and −∞.
 */
export interface TopK {
  readonly op: "topK";
  readonly logits: StateRef;
  readonly outputIds: Operand;
  readonly outputLogits: Operand;
}

export function checkTopK(op: TopK, check: Checker): void {
  const [vocabularySize = 0] = check.stateShape("logits", op.logits);
  check.state("logits", op.logits, "outputRow", [vocabularySize], "f32");
  const count = op.outputIds.columns;
  if (count > vocabularySize) check.fail(`asks for the ${count} largest of ${vocabularySize} logits`);
  check.rows("outputIds", check.operand("outputIds", op.outputIds, count, "i32"), "outputRows");
  check.rows("outputLogits", check.operand("outputLogits", op.outputLogits, count), "outputRows");
}

/** output[r] = logits[r, token[r]], and −∞ where the token is −1 */
export interface TokenLogit {
  readonly op: "tokenLogit";
  readonly logits: StateRef;
  readonly token: Operand;
  readonly output: Operand;
}

export function checkTokenLogit(op: TokenLogit, check: Checker): void {
  check.state("logits", op.logits, "outputRow", check.stateShape("logits", op.logits), "f32");
  check.rows("token", check.operand("token", op.token, 1, "i32"), "outputRows");
  check.rows("output", check.operand("output", op.output, 1), "outputRows");
}
