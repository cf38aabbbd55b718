import { expect, test } from "vitest";
import { ggufModels, matchingModels } from "./gguf-models.ts";

const names = [
  "README.md",
  "mmproj-F16.gguf",
  "imatrix.gguf",
  "nano-IQ4_NL.gguf",
  "nano-Q4_K.gguf",
  "nano-Q4_K_M.gguf",
  "nano.Q4_0.gguf",
  "UD/nano-UD-Q4_K_XL.gguf",
  "BF16/nano-BF16-00001-of-00003.gguf",
  "BF16/nano-BF16-00003-of-00003.gguf",
];
const models = ggufModels(names);

test("the parts of a split file are one model, and files that are none are passed over", () => {
  expect(models.map(({ name }) => name)).toEqual([
    "BF16/nano-BF16-00001-of-00003.gguf",
    "UD/nano-UD-Q4_K_XL.gguf",
    "nano-IQ4_NL.gguf",
    "nano-Q4_K.gguf",
    "nano-Q4_K_M.gguf",
    "nano.Q4_0.gguf",
  ]);
  expect(models[0]!.files).toHaveLength(2);
  expect(models[0]!.missing).toEqual(["BF16/nano-BF16-00002-of-00003.gguf"]);
});

test.for([
  ["Q4_K", ["nano-Q4_K.gguf"]],
  ["q4_k_m", ["nano-Q4_K_M.gguf"]],
  ["Q4_K_XL", ["UD/nano-UD-Q4_K_XL.gguf"]],
  ["IQ4_NL", ["nano-IQ4_NL.gguf"]],
  ["Q4_NL", []],
  ["Q4_0", ["nano.Q4_0.gguf"]],
  ["nano.Q4_0.gguf", ["nano.Q4_0.gguf"]],
  ["UD/nano-UD-Q4_K_XL.gguf", ["UD/nano-UD-Q4_K_XL.gguf"]],
  ["nano-BF16-00003-of-00003.gguf", ["BF16/nano-BF16-00001-of-00003.gguf"]],
  ["bf16", ["BF16/nano-BF16-00001-of-00003.gguf"]],
  ["nano-Q4", []],
  [".*", []],
] as const)("%s means %o", ([choice, found]) => {
  expect(matchingModels(models, choice).map(({ name }) => name)).toEqual(found);
});
