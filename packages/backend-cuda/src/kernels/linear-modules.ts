import type { PtxModule } from "../launch.ts";
import { linearBf16Ptx } from "../ptx/linear-bf16.ts";
import { linearF16Ptx } from "../ptx/linear-f16.ts";
import { linearF32Ptx } from "../ptx/linear-f32.ts";
import { linearFp8_e4m3Ptx } from "../ptx/linear-fp8_e4m3.ts";
import { linearIq4_nlPtx } from "../ptx/linear-iq4_nl.ts";
import { linearMxfp4Ptx } from "../ptx/linear-mxfp4.ts";
import { linearNvfp4Ptx } from "../ptx/linear-nvfp4.ts";
import { linearQ2_kPtx } from "../ptx/linear-q2_k.ts";
import { linearQ3_kPtx } from "../ptx/linear-q3_k.ts";
import { linearQ4_0Ptx } from "../ptx/linear-q4_0.ts";
import { linearQ4_1Ptx } from "../ptx/linear-q4_1.ts";
import { linearQ4_kPtx } from "../ptx/linear-q4_k.ts";
import { linearQ5_0Ptx } from "../ptx/linear-q5_0.ts";
import { linearQ5_1Ptx } from "../ptx/linear-q5_1.ts";
import { linearQ5_kPtx } from "../ptx/linear-q5_k.ts";
import { linearQ6_kPtx } from "../ptx/linear-q6_k.ts";
import { linearQ8_0Ptx } from "../ptx/linear-q8_0.ts";
import type { IntegerFormat, ScalarFormat } from "../weights/weight-layout.ts";

/** The kernels that multiply by each format, in a module of their own: a model loads those that it needs. */
export const linearModules: Readonly<Record<IntegerFormat | ScalarFormat, PtxModule>> = {
  bf16: linearBf16Ptx,
  f16: linearF16Ptx,
  f32: linearF32Ptx,
  fp8_e4m3: linearFp8_e4m3Ptx,
  iq4_nl: linearIq4_nlPtx,
  mxfp4: linearMxfp4Ptx,
  nvfp4: linearNvfp4Ptx,
  q2_k: linearQ2_kPtx,
  q3_k: linearQ3_kPtx,
  q4_0: linearQ4_0Ptx,
  q4_1: linearQ4_1Ptx,
  q4_k: linearQ4_kPtx,
  q5_0: linearQ5_0Ptx,
  q5_1: linearQ5_1Ptx,
  q5_k: linearQ5_kPtx,
  q6_k: linearQ6_kPtx,
  q8_0: linearQ8_0Ptx,
};
