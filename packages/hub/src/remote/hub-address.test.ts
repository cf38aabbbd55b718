import { expect, test } from "vitest";
import { hubAddress } from "./hub-address.ts";

const hub = "https://huggingface.co";
const model = { endpoint: hub, id: "org/model", revision: undefined, file: undefined };

test.each([
  [`${hub}/org/model`, model],
  [`${hub}/org/model/`, model],
  ["https://hf.co/org/model", model],
  [`${hub}/org/model/tree/main`, { ...model, revision: "main" }],
  [`${hub}/org/model/resolve/v2/`, { ...model, revision: "v2" }],
  [`${hub}/org/model/resolve/main/model.safetensors?download=true`, { ...model, revision: "main" }],
  [`${hub}/org/model/blob/main/model.safetensors.index.json`, { ...model, revision: "main" }],
  [`${hub}/org/model/blob/main/a%20Q4_0.gguf`, { ...model, revision: "main", file: "a Q4_0.gguf" }],
])("%s names a model of the hub", (url, expected) => {
  expect(hubAddress(new URL(url))).toEqual(expected);
});

test.each([
  `${hub}/org`,
  `${hub}/datasets/data`,
  `${hub}/org/model/discussions`,
  `${hub}/org/model/resolve/main/folder/model.safetensors`,
  `${hub}/org/model/resolve/main/%E0%A4%A`,
  "https://example.org/org/model/resolve/main/model.safetensors",
  "https://huggingface.co.example.org/org/model",
])("%s does not", (url) => {
  expect(hubAddress(new URL(url))).toBeUndefined();
});

test("another hub is known by its endpoint", () => {
  const url = new URL("https://mirror.example.org/hub/org/model/resolve/main/");
  const endpoint = "https://mirror.example.org/hub";
  expect(hubAddress(url, endpoint)).toEqual({ endpoint, id: "org/model", revision: "main", file: undefined });
  expect(hubAddress(url)).toBeUndefined();
});
