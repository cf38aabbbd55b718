import type { FeedRef, Operand, StateRef, WeightRef } from "../program.ts";
import { type Attention, checkAttention, checkWriteKv, type WriteKv } from "./attention.ts";
import type { Checker } from "./check.ts";
import { checkLinear, checkRmsNorm, type Linear, type RmsNorm } from "./dense.ts";
import {
  type CausalConv,
  checkCausalConv,
  checkGatedGroupNorm,
  checkSsmScan,
  type GatedGroupNorm,
  type SsmScan,
} from "./mamba.ts";
import {
  type AdjustLogits,
  checkAdjustLogits,
  checkDrawToken,
  checkLogSumExp,
  checkTokenLogit,
  checkTopK,
  type DrawToken,
  type LogSumExp,
  type TokenLogit,
  type TopK,
} from "./sampling.ts";
import {
  type CountTokens,
  checkCountTokens,
  checkEmbed,
  checkGatherRows,
  checkResolveToken,
  type Embed,
  type GatherRows,
  type ResolveToken,
} from "./token.ts";

/** Every op, told apart by its `op` field. */
export type Op =
  | ResolveToken
  | CountTokens
  | Embed
  | GatherRows
  | RmsNorm
  | Linear
  | CausalConv
  | SsmScan
  | GatedGroupNorm
  | WriteKv
  | Attention
  | AdjustLogits
  | DrawToken
  | LogSumExp
  | TopK
  | TokenLogit;

export type OpName = Op["op"];

/** The op with this name. */
export type OpOf<Name extends OpName> = Extract<Op, { readonly op: Name }>;

/** The shape rule of each op. A new op is one row here, and the type checker asks for it. */
const checks: { readonly [Name in OpName]: (op: OpOf<Name>, check: Checker) => void } = {
  resolveToken: checkResolveToken,
  countTokens: checkCountTokens,
  embed: checkEmbed,
  gatherRows: checkGatherRows,
  rmsNorm: checkRmsNorm,
  linear: checkLinear,
  causalConv: checkCausalConv,
  ssmScan: checkSsmScan,
  gatedGroupNorm: checkGatedGroupNorm,
  writeKv: checkWriteKv,
  attention: checkAttention,
  adjustLogits: checkAdjustLogits,
  drawToken: checkDrawToken,
  logSumExp: checkLogSumExp,
  topK: checkTopK,
  tokenLogit: checkTokenLogit,
};

export const opNames: readonly OpName[] = Object.keys(checks) as OpName[];

/** @throws {ProgramError} when the op's shapes or dtypes do not fit. */
export function checkOp(op: Op, check: Checker): void {
  if (!Object.hasOwn(checks, op.op)) check.fail(`is not an op; the ops are ${opNames.join(", ")}`);
  (checks[op.op] as (op: Op, check: Checker) => void)(op, check);
}

/** What an op touches. */
export interface Access {
  readonly reads: readonly Operand[];
  readonly writes: readonly Operand[];
  readonly weights: readonly WeightRef[];
  readonly feeds: readonly FeedRef[];
  readonly states: readonly StateRef[];
}

/** Read off the op's fields: references say what they are, and fields named `output…` are written. */
export function accessOf(op: Op): Access {
  const reads: Operand[] = [];
  const writes: Operand[] = [];
  const weights: WeightRef[] = [];
  const feeds: FeedRef[] = [];
  const states: StateRef[] = [];
  for (const [field, reference] of Object.entries(op) as [string, unknown][]) {
    if (typeof reference !== "object" || reference === null) continue;
    if ("value" in reference) (field.startsWith("output") ? writes : reads).push(reference as Operand);
    else if ("weight" in reference) weights.push(reference as WeightRef);
    else if ("feed" in reference) feeds.push(reference as FeedRef);
    else if ("state" in reference) states.push(reference as StateRef);
  }
  return { reads, writes, weights, feeds, states };
}
