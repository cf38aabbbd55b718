import { buildProgram, CHOICE_COLUMNS, type Program, SETTING_COLUMNS, type StateSpec } from "@krait/tensor";
import type { ProgramOptions } from "./architecture.ts";

/**
 * One step of sampling, the same for every architecture: the logits that `forward` wrote in, tokens out.
 *
 * Outputs, one row for each output row: `token` i32, and `tokenLogit`, before penalties, bias and mask.
 */
export function buildSampleProgram(vocabularySize: number, options: ProgramOptions): Program {
  const { maxSlots, maxOutputRows, maxBiases } = options;
  return buildProgram("sample", (b) => {
    const logits = b.state("logits", logitsState(vocabularySize, maxOutputRows));
    const settings = {
      slot: b.feed("slot", { shape: ["outputRows"], dtype: "i32" }),
      setting: b.feed("setting", { shape: ["outputRows", SETTING_COLUMNS], dtype: "f32" }),
      choice: b.feed("choice", { shape: ["outputRows", CHOICE_COLUMNS], dtype: "i32" }),
    };
    const adjusted = b.adjustLogits({
      logits,
      count: b.state("tokenCount", { per: "slot", count: maxSlots, shape: [vocabularySize], dtype: "i32" }),
      ...settings,
      biasToken: b.feed("biasToken", { shape: ["outputRows", maxBiases], dtype: "i32" }),
      biasValue: b.feed("biasValue", { shape: ["outputRows", maxBiases], dtype: "f32" }),
      mask: b.feed("mask", { shape: ["outputRows", Math.ceil(vocabularySize / 32)], dtype: "u32" }),
    });
    const token = b.drawToken({
      logits: adjusted,
      ...settings,
      position: b.feed("position", { shape: ["outputRows"], dtype: "i32" }),
      lastToken: b.state("lastToken", { per: "slot", count: maxSlots, shape: [1], dtype: "i32" }),
    });
    b.output("token", token);
    b.output("tokenLogit", b.tokenLogit(logits, token));
  });
}

/**
 * What log-probabilities need beside what `sample` gives, from the same logits: a Program of its own, as most
 * steps have nobody who asks for it.
 *
 * Outputs, one row for each output row: `logSumExp`, and the `topCount` largest logits as `topIds` and
 * `topLogits`. Log-probabilities are `logit − logSumExp`, of the model's own distribution, before penalties,
 * bias, mask and temperature.
 */
export function buildLogprobsProgram(vocabularySize: number, options: ProgramOptions): Program {
  const { maxOutputRows, topCount } = options;
  return buildProgram("logprobs", (b) => {
    const logits = b.state("logits", logitsState(vocabularySize, maxOutputRows));
    const top = b.topK(logits, { count: topCount });
    b.output("logSumExp", b.logSumExp(logits));
    b.output("topIds", top.ids);
    b.output("topLogits", top.logits);
  });
}

function logitsState(vocabularySize: number, maxOutputRows: number): StateSpec {
  return { per: "outputRow", count: maxOutputRows, shape: [vocabularySize], dtype: "f32" };
}
