import type { Activation, Op, OpName, OpOf, StateRef } from "@krait/tensor";
import type { Bindings } from "./bindings.ts";
import type { KernelWeight } from "./kernel-host.ts";
import { type Entry, floatBits } from "./op-list.ts";

/** How the kernels number activations; `Activation` in `kernels/activation.h`. */
const activations: readonly (Activation | undefined)[] = [undefined, "relu2", "silu"];

/** An activation as the kernels number it. */
export function activationWord(activation: Activation | undefined): number {
  return activations.indexOf(activation);
}

/** The entry of an op: its kernel, and the words of its kernel's struct, in the struct's order. */
export function entryOf<Weight extends KernelWeight>(op: Op, at: Bindings<Weight>): Entry {
  if (op.op === "linear") return { kernel: op.op, words: at.host.linear.words(op, at) };
  const words = (writers[op.op] as (op: Op, at: Bindings) => number[])(op, at);
  return { kernel: op.op, words };
}

type Writers = { readonly [Name in Exclude<OpName, "linear">]: (op: OpOf<Name>, at: Bindings) => number[] };

const writers: Writers = {
  resolveToken: (op, at) => [
    at.extent("rows"),
    at.feed(op.token),
    at.feed(op.slot),
    at.state(op.lastToken),
    ...at.matrix(op.output),
  ],

  countTokens: (op, at) => [
    at.extent("segments"),
    at.feed(op.segment),
    ...at.matrix(op.token),
    at.feed(op.generated),
    at.state(op.count),
    at.stateSize(op.count),
  ],

  embed: (op, at) => [
    at.extent(at.rows(op.output)),
    ...at.matrix(op.token),
    ...at.stored(op.table),
    ...at.matrix(op.output),
  ],

  gatherRows: (op, at) => [
    at.extent("outputRows"),
    ...at.matrix(op.input),
    at.feed(op.row),
    ...at.matrix(op.output),
  ],

  rmsNorm: (op, at) => [
    at.extent(at.rows(op.output)),
    ...at.matrix(op.input),
    at.floats(op.weight),
    floatBits(op.epsilon),
    ...at.matrix(op.output),
  ],

  causalConv: (op, at) => [
    at.extent("segments"),
    at.feed(op.segment),
    ...at.matrix(op.input),
    at.columns(op.weight),
    op.bias ? at.floats(op.bias) : 0,
    op.kernelSize,
    activationWord(op.activation),
    at.state(op.window),
    ...at.matrix(op.output),
    ...at.workspace,
  ],

  ssmScan: (op, at) => [
    at.extent("segments"),
    at.feed(op.segment),
    ...at.matrix(op.x),
    ...at.matrix(op.b),
    ...at.matrix(op.c),
    ...at.matrix(op.dt),
    at.floats(op.a),
    at.floats(op.d),
    at.floats(op.dtBias),
    op.heads,
    op.headDim,
    op.stateSize,
    op.groups,
    ...op.timeStepLimit.map(floatBits),
    at.state(op.recurrent),
    ...at.matrix(op.output),
  ],

  gatedGroupNorm: (op, at) => [
    at.extent(at.rows(op.output)),
    ...at.matrix(op.input),
    ...at.matrix(op.gate),
    at.floats(op.weight),
    op.groups,
    floatBits(op.epsilon),
    ...at.matrix(op.output),
  ],

  writeKv: (op, at) => [
    at.extent("rows"),
    ...at.matrix(op.key),
    ...at.matrix(op.value),
    ...placesOf(op, at),
    ...at.pages(op.keys),
    ...at.pages(op.values),
  ],

  attention: (op, at) => [
    at.extent("rows"),
    ...at.matrix(op.query),
    op.heads,
    op.keyValueHeads,
    op.headDim,
    floatBits(op.scale),
    ...placesOf(op, at),
    ...at.pages(op.keys),
    ...at.pages(op.values),
    ...at.matrix(op.output),
    ...at.workspace,
  ],

  adjustLogits: (op, at) => [
    at.extent("outputRows"),
    at.state(op.logits),
    at.state(op.count),
    at.feed(op.slot),
    at.feed(op.setting),
    at.feed(op.choice),
    at.feed(op.biasToken),
    at.feed(op.biasValue),
    at.feedColumns(op.biasToken),
    at.feed(op.mask),
    ...at.matrix(op.output),
  ],

  drawToken: (op, at) => [
    at.extent("outputRows"),
    ...at.matrix(op.logits),
    at.feed(op.slot),
    at.feed(op.position),
    at.feed(op.setting),
    at.feed(op.choice),
    at.state(op.lastToken),
    ...at.matrix(op.output),
    ...at.workspace,
  ],

  logSumExp: (op, at) => [...logitRows(op, at), ...at.matrix(op.output)],

  topK: (op, at) => [...logitRows(op, at), ...at.matrix(op.outputIds), ...at.matrix(op.outputLogits)],

  tokenLogit: (op, at) => [...logitRows(op, at), ...at.matrix(op.token), ...at.matrix(op.output)],
};

/** `Places` in `kernels/page.h`. */
export function placesOf(op: OpOf<"writeKv" | "attention">, at: Bindings): number[] {
  return [at.feed(op.slot), at.feed(op.position), at.state(op.pageTable), at.stateSize(op.pageTable)];
}

function logitRows({ logits }: { readonly logits: StateRef }, at: Bindings): number[] {
  return [at.extent("outputRows"), at.state(logits), at.stateSize(logits)];
}
