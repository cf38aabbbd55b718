import { createSampler } from "@krait/sampler";
import { KraitError } from "@krait/tensor";
import { expect, test } from "vitest";
import { inCommandLineTerms } from "./command-line-terms.ts";

function errorOf(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was thrown");
}

test.for([
  [{ topP: 2 }, "--top-p: "],
  [{ repetitionPenalty: -1 }, "--repetition-penalty: "],
  [{ seed: 2n ** 64n }, "--seed: "],
] as const)("a sampling option at fault is named as the flag: %o", ([options, start]) => {
  const error = errorOf(() => createSampler(options));
  expect(inCommandLineTerms(error)).toBe(`${start}${error.message}`);
});

test.for([
  ["CONTEXT_EXCEEDED", /^Too much\. .*--context.*\/reset/],
  ["MEMORY_INSUFFICIENT", /^Too much\. .*smaller --context/],
  ["MEMORY_EXCEEDED", /^Too much\. .*smaller --context/],
  ["MODEL_OPTION_INVALID", /^Too much\. .*maxContext is --context/],
  ["BACKEND_LOST", /^Too much\.$/],
] as const)("%s says what helps on the command line, if anything does", ([code, message]) => {
  expect(inCommandLineTerms(new KraitError(code, "Too much."))).toMatch(message);
});
