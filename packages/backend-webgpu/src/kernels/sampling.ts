import {
  type AdjustLogits,
  type DrawToken,
  type LogSumExp,
  type TokenLogit,
  type TopK,
  UnsupportedOpError,
} from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Launch, read, readState, step, write, writeState } from "../launch.ts";
import adjustLogitsSource from "./adjust-logits.wgsl";
import drawTokenSource from "./draw-token.wgsl";
import logSumExpSource from "./log-sum-exp.wgsl";
import mass from "./mass.wgsl";
import orderKey from "./order-key.wgsl";
import philox from "./philox.wgsl";
import tokenLogitSource from "./token-logit.wgsl";
import topKSource from "./top-k.wgsl";

/** What `topK` collects in workgroup memory. */
const LARGEST_TOP_K = 1024;

/** Every token of a row, then the biases of each. */
export function adjustLogits(op: AdjustLogits, at: CompileContext): Launch[] {
  const vocabularySize = op.output.columns;
  const biases = at.feedColumns(op.biasToken);
  const kernel = {
    source: adjustLogitsSource,
    constants: {
      SLOT: at.feed(op.slot),
      SETTING: at.feed(op.setting),
      CHOICE: at.feed(op.choice),
      BIAS_TOKEN: at.feed(op.biasToken),
      BIAS_VALUE: at.feed(op.biasValue),
      MASK: at.feed(op.mask),
      VOCABULARY: vocabularySize,
      BIASES: biases,
      ...at.view("OUTPUT", op.output),
    },
    bindings: [step, readState(op.logits), readState(op.count), write(op.output)],
  };
  return [
    {
      ...kernel,
      entryPoint: "penalize_and_mask",
      workgroups: ({ outputRows }) => [Math.ceil(vocabularySize / 256), outputRows],
    },
    {
      ...kernel,
      entryPoint: "add_biases",
      workgroups: ({ outputRows }) => [Math.ceil(biases / 64), outputRows],
    },
  ];
}

/** One workgroup for each output row, here and below. */
export function drawToken(op: DrawToken, at: CompileContext): Launch[] {
  return [
    {
      source: [orderKey, philox, mass, drawTokenSource].join("\n"),
      entryPoint: "draw_token",
      constants: {
        SLOT: at.feed(op.slot),
        POSITION: at.feed(op.position),
        SETTING: at.feed(op.setting),
        CHOICE: at.feed(op.choice),
        VOCABULARY: op.logits.columns,
        ...at.view("LOGITS", op.logits),
        ...at.view("OUTPUT", op.output),
      },
      bindings: [step, read(op.logits), writeState(op.lastToken), write(op.output)],
      workgroups: ({ outputRows }) => [outputRows],
    },
  ];
}

export function logSumExp(op: LogSumExp, at: CompileContext): Launch[] {
  return [
    {
      source: `${orderKey}\n${logSumExpSource}`,
      entryPoint: "log_sum_exp",
      constants: { VOCABULARY: at.stateSize(op.logits), ...at.view("OUTPUT", op.output) },
      bindings: [readState(op.logits), write(op.output)],
      workgroups: ({ outputRows }) => [outputRows],
    },
  ];
}

/** @throws {UnsupportedOpError} past {@link LARGEST_TOP_K} */
export function topK(op: TopK, at: CompileContext): Launch[] {
  const count = op.outputIds.columns;
  if (count > LARGEST_TOP_K) {
    throw new UnsupportedOpError({
      op: "topK",
      backend: "webgpu",
      formats: [`a count of ${count}`],
      supported: [`counts up to ${LARGEST_TOP_K}`],
    });
  }
  return [
    {
      source: `${orderKey}\n${topKSource}`,
      entryPoint: "top_k",
      constants: {
        VOCABULARY: at.stateSize(op.logits),
        COUNT: count,
        ...at.view("IDS", op.outputIds),
        ...at.view("LOGITS", op.outputLogits),
      },
      bindings: [readState(op.logits), write(op.outputIds), write(op.outputLogits)],
      workgroups: ({ outputRows }) => [outputRows],
    },
  ];
}

export function tokenLogit(op: TokenLogit, at: CompileContext): Launch[] {
  return [
    {
      source: tokenLogitSource,
      entryPoint: "token_logit",
      constants: {
        ROWS_AT: at.layout.extent("outputRows"),
        VOCABULARY: at.stateSize(op.logits),
        ...at.view("TOKEN", op.token),
        ...at.view("OUTPUT", op.output),
      },
      bindings: [step, readState(op.logits), read(op.token), write(op.output)],
      workgroups: ({ outputRows }) => [Math.ceil(outputRows / 64)],
    },
  ];
}
