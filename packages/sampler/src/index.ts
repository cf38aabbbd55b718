export { SamplerError, type SamplerErrorCode } from "./error.ts";
export type { TokenLogprob } from "./log-probabilities.ts";
export type { ResolvedSamplingOptions, SamplingOptions } from "./options.ts";
export { type PhiloxCounter, type PhiloxKey, philox4x32 } from "./philox.ts";
export { recommendedSampling } from "./presets.ts";
export { createSampler, type SampleContext, type Sampled, type Sampler } from "./sampler.ts";
export { createTokenHistory, type TokenHistory } from "./token-history.ts";
export { seedToKey, uniformAt } from "./uniform.ts";
