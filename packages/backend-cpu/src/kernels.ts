import type { Extents, Op, OpName, OpOf, StateRef } from "@krait/tensor";
import type { Bindings } from "./bindings.ts";
import { adjustLogits } from "./ops/adjust-logits.ts";
import { attention } from "./ops/attention.ts";
import { causalConv } from "./ops/causal-conv.ts";
import { drawToken } from "./ops/draw-token.ts";
import { gatedGroupNorm } from "./ops/gated-group-norm.ts";
import { linear } from "./ops/linear.ts";
import { logSumExp, tokenLogit, topK } from "./ops/log-probability.ts";
import { rmsNorm } from "./ops/rms-norm.ts";
import { ssmScan } from "./ops/ssm-scan.ts";
import { ssmScanChunked } from "./ops/ssm-scan-chunked.ts";
import { countTokens, embed, gatherRows, resolveToken } from "./ops/token.ts";
import { type PagedRows, writeKv } from "./ops/write-kv.ts";
import { readSegments } from "./segment.ts";

/** One op of a bound Program, ready to run. */
export type Launch = (extents: Extents) => void;

export interface KernelOptions {
  readonly scan: "recurrence" | "chunked";
}

/** Resolves an op's operands once, and returns the call of its function. */
export function prepare(op: Op, at: Bindings, options: KernelOptions): Launch {
  return (kernels[op.op] as (op: Op, at: Bindings, options: KernelOptions) => Launch)(op, at, options);
}

/** How each op finds its operands; the arithmetic is in `ops/`. */
const kernels: {
  readonly [Name in OpName]: (op: OpOf<Name>, at: Bindings, options: KernelOptions) => Launch;
} = {
  resolveToken(op, at) {
    const token = at.intFeed(op.token);
    const slot = at.intFeed(op.slot);
    const lastToken = at.intState(op.lastToken);
    const output = at.ints(op.output);
    return ({ rows }) => resolveToken(rows, token, slot, lastToken, output);
  },

  countTokens(op, at) {
    const segment = at.intFeed(op.segment);
    const token = at.ints(op.token);
    const generated = at.intFeed(op.generated);
    const count = at.intState(op.count);
    const vocabularySize = at.stateSize(op.count);
    return ({ segments }) =>
      countTokens(readSegments(segment, segments), token, generated, vocabularySize, count);
  },

  embed(op, at) {
    const rows = at.rows(op.output);
    const token = at.ints(op.token);
    const table = at.weight(op.table);
    const output = at.floats(op.output);
    return (extents) => embed(extents[rows], token, table, output);
  },

  gatherRows(op, at) {
    const input = at.floats(op.input);
    const row = at.intFeed(op.row);
    const output = at.floats(op.output);
    return ({ outputRows }) => gatherRows(outputRows, input, row, output);
  },

  rmsNorm(op, at) {
    const rows = at.rows(op.output);
    const x = at.floats(op.input);
    const weight = at.weight(op.weight);
    const y = at.floats(op.output);
    return (extents) => rmsNorm(extents[rows], x, weight, op.epsilon, y);
  },

  linear(op, at) {
    const rows = at.rows(op.output);
    const x = at.floats(op.input);
    const weight = at.weight(op.weight);
    const bias = op.bias && at.weight(op.bias);
    const residual = op.residual && at.floats(op.residual);
    const options = { bias, activation: op.activation, residual };
    const y = at.floats(op.output);
    return (extents) => linear(extents[rows], x, weight, options, y);
  },

  causalConv(op, at) {
    const segment = at.intFeed(op.segment);
    const x = at.floats(op.input);
    const weight = at.weight(op.weight);
    const bias = op.bias && at.weight(op.bias);
    const window = at.floatState(op.window);
    const options = { kernelSize: op.kernelSize, bias, activation: op.activation };
    const y = at.floats(op.output);
    return ({ segments }) => causalConv(readSegments(segment, segments), x, weight, window, options, y);
  },

  ssmScan(op, at, { scan }) {
    const segment = at.intFeed(op.segment);
    const inputs = {
      x: at.floats(op.x),
      b: at.floats(op.b),
      c: at.floats(op.c),
      dt: at.floats(op.dt),
      a: at.weight(op.a),
      d: at.weight(op.d),
      dtBias: at.weight(op.dtBias),
    };
    const recurrent = at.floatState(op.recurrent);
    const y = at.floats(op.output);
    const run = scan === "chunked" ? ssmScanChunked : ssmScan;
    return ({ segments }) => run(readSegments(segment, segments), inputs, op, recurrent, y);
  },

  gatedGroupNorm(op, at) {
    const rows = at.rows(op.output);
    const x = at.floats(op.input);
    const gate = at.floats(op.gate);
    const weight = at.weight(op.weight);
    const y = at.floats(op.output);
    return (extents) => gatedGroupNorm(extents[rows], x, gate, weight, op, y);
  },

  writeKv(op, at) {
    const key = at.floats(op.key);
    const value = at.floats(op.value);
    const place = pagedRows(op, at);
    const keys = at.pagedState(op.keys);
    const values = at.pagedState(op.values);
    return ({ rows }) => writeKv(rows, key, value, place, keys, values);
  },

  attention(op, at) {
    const query = at.floats(op.query);
    const place = pagedRows(op, at);
    const keys = at.pagedState(op.keys);
    const values = at.pagedState(op.values);
    const output = at.floats(op.output);
    return ({ rows }) => attention(rows, query, op, place, keys, values, output);
  },

  adjustLogits(op, at) {
    const logits = at.floatState(op.logits);
    const biasToken = at.intFeed(op.biasToken);
    const adjustments = {
      count: at.intState(op.count),
      slot: at.intFeed(op.slot),
      setting: at.floatFeed(op.setting),
      choice: at.intFeed(op.choice),
      biasToken,
      biasValue: at.floatFeed(op.biasValue),
      biases: at.feedColumns(op.biasToken),
      mask: at.wordFeed(op.mask),
    };
    const output = at.floats(op.output);
    return ({ outputRows }) => adjustLogits(outputRows, output.columns, logits, adjustments, output);
  },

  drawToken(op, at) {
    const logits = at.floats(op.logits);
    const settings = {
      slot: at.intFeed(op.slot),
      position: at.intFeed(op.position),
      setting: at.floatFeed(op.setting),
      choice: at.intFeed(op.choice),
    };
    const lastToken = at.intState(op.lastToken);
    const output = at.ints(op.output);
    return ({ outputRows }) => drawToken(outputRows, logits, settings, lastToken, output);
  },

  logSumExp(op, at) {
    const { logits, vocabularySize } = logitRows(op, at);
    const output = at.floats(op.output);
    return ({ outputRows }) => logSumExp(outputRows, vocabularySize, logits, output);
  },

  topK(op, at) {
    const { logits, vocabularySize } = logitRows(op, at);
    const ids = at.ints(op.outputIds);
    const largest = at.floats(op.outputLogits);
    return ({ outputRows }) => topK(outputRows, vocabularySize, logits, ids, largest);
  },

  tokenLogit(op, at) {
    const { logits, vocabularySize } = logitRows(op, at);
    const token = at.ints(op.token);
    const output = at.floats(op.output);
    return ({ outputRows }) => tokenLogit(outputRows, vocabularySize, logits, token, output);
  },
};

function pagedRows(op: OpOf<"writeKv" | "attention">, at: Bindings): PagedRows {
  return {
    slot: at.intFeed(op.slot),
    position: at.intFeed(op.position),
    pageTable: at.intState(op.pageTable),
    maxPages: at.stateSize(op.pageTable),
  };
}

function logitRows(
  op: { readonly logits: StateRef },
  at: Bindings,
): { logits: Float32Array; vocabularySize: number } {
  return { logits: at.floatState(op.logits), vocabularySize: at.stateSize(op.logits) };
}
