import { describe, expect, test } from "vitest";
import { SamplerError, type SamplerErrorCode } from "./error.ts";
import type { SamplingOptions } from "./options.ts";
import { createSampler } from "./sampler.ts";
import { createTokenHistory } from "./token-history.ts";

function errorOf(action: () => unknown): SamplerError {
  try {
    action();
  } catch (error) {
    if (error instanceof SamplerError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("an option outside its range is refused at creation, by name", () => {
  const cases: [keyof SamplingOptions, unknown][] = [
    ["temperature", -0.1],
    ["temperature", Number.NaN],
    ["temperature", Infinity],
    ["temperature", "1"],
    ["temperature", 1e39], // beyond single precision
    ["topK", -1],
    ["topK", 1.5],
    ["topP", 0],
    ["topP", 1.01],
    ["minP", -0.5],
    ["minP", 2],
    ["repetitionPenalty", 0],
    ["repetitionPenalty", -1],
    ["presencePenalty", Infinity],
    ["frequencyPenalty", Number.NaN],
    ["logitBias", new Map([[1.5, 0]])],
    ["logitBias", new Map([[1, Infinity]])],
    ["logitBias", new Map([[1, Number.NaN]])],
    ["seed", 0.5],
    ["seed", 2 ** 53],
    ["seed", 2n ** 64n],
    ["logprobs", -1],
  ];
  test.each(cases)("%s: %s", (name, value) => {
    const error = errorOf(() => createSampler({ [name]: value } as SamplingOptions));
    expect(error).toMatchObject({ name: "SamplerError", code: "SAMPLING_OPTION", subject: name });
    expect(error.message).toContain(`"${name}"`);
  });
});

describe("logits or a context that cannot be used are refused", () => {
  const history = createTokenHistory([0, 9]);
  const cases: [string, SamplerErrorCode, SamplingOptions, number[], object][] = [
    ["NaN", "SAMPLING_LOGIT", {}, [0, Number.NaN, 1], {}],
    ["NaN first of all", "SAMPLING_LOGIT", {}, [Number.NaN, 1], {}],
    ["NaN under a mask", "SAMPLING_LOGIT", {}, [0, Number.NaN], { mask: Uint32Array.of(1) }],
    ["+∞", "SAMPLING_LOGIT", {}, [0, Infinity], {}],
    ["a bias beyond single precision", "SAMPLING_LOGIT", { logitBias: new Map([[0, 3e38]]) }, [3e38, 0], {}],
    ["all −∞", "SAMPLING_NO_CANDIDATE", {}, [-Infinity, -Infinity], {}],
    ["no logits", "SAMPLING_NO_CANDIDATE", {}, [], {}],
    ["a mask that allows nothing", "SAMPLING_NO_CANDIDATE", {}, [1, 2], { mask: Uint32Array.of(4) }],
    ["a mask of the wrong length", "SAMPLING_MASK", {}, [1, 2], { mask: new Uint32Array(2) }],
    ["a biased token beyond the vocabulary", "SAMPLING_TOKEN", { logitBias: new Map([[2, 1]]) }, [1, 2], {}],
    ["a history beyond the vocabulary", "SAMPLING_TOKEN", { presencePenalty: 1 }, [1, 2], { history }],
    ["a penalty without a history", "SAMPLING_HISTORY", { repetitionPenalty: 1.1 }, [1, 2], {}],
    ["a negative position", "SAMPLING_POSITION", {}, [1, 2], { position: -1 }],
    ["half a position", "SAMPLING_POSITION", {}, [1, 2], { position: 0.5 }],
  ];
  for (const temperature of [0, 1]) {
    test.each(cases)(`%s, at temperature ${temperature}: %s`, (_, code, options, logits, context) => {
      const sampler = createSampler({ temperature, ...options });
      const error = errorOf(() => sampler.sample(Float32Array.from(logits), { position: 0, ...context }));
      expect(error.code).toBe(code);
    });
  }
});
