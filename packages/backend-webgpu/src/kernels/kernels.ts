import type { Op, OpName, OpOf } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import type { Launch } from "../launch.ts";
import { attention, writeKv } from "./attention.ts";
import { causalConv, gatedGroupNorm } from "./convolution.ts";
import { linear } from "./linear.ts";
import { rmsNorm } from "./rms-norm.ts";
import { adjustLogits, drawToken, logSumExp, tokenLogit, topK } from "./sampling.ts";
import { ssmScan } from "./ssm-scan.ts";
import { countTokens, embed, gatherRows, resolveToken } from "./token.ts";

/** How each op is launched; the arithmetic is in the kernels. */
const kernels: { readonly [Name in OpName]: (op: OpOf<Name>, at: CompileContext) => Launch[] } = {
  resolveToken,
  countTokens,
  embed,
  gatherRows,
  rmsNorm,
  linear,
  causalConv,
  ssmScan,
  gatedGroupNorm,
  writeKv,
  attention,
  adjustLogits,
  drawToken,
  logSumExp,
  topK,
  tokenLogit,
};

/** The dispatches of an op, in order. */
export function launchesOf(op: Op, at: CompileContext): Launch[] {
  return (kernels[op.op] as (op: Op, at: CompileContext) => Launch[])(op, at);
}
