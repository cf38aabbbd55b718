import { attentionCases } from "./attention.ts";
import { denseCases } from "./dense.ts";
import { mambaCases } from "./mamba.ts";
import type { OpCase } from "./op-case.ts";
import { samplingCases } from "./sampling.ts";
import { tokenCases } from "./token.ts";

/** The one table of op cases that every backend runs against the reference. A new op is one file here, or rows of one. */
export const opCases: readonly OpCase[] = [
  ...tokenCases,
  ...denseCases,
  ...mambaCases,
  ...attentionCases,
  ...samplingCases,
];
