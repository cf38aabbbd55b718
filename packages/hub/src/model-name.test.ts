import { expect, test } from "vitest";
import { HubError } from "./hub-error.ts";
import { isModelName, parseModelName } from "./model-name.ts";

test.for([
  ["nvidia/NVIDIA-Nemotron-Nano-9B-v2", undefined],
  ["org/name:Q4_0", "Q4_0"],
  ["org/name:Q4_0/nano-00001-of-00002.gguf", "Q4_0/nano-00001-of-00002.gguf"],
] as const)("%s is a model", ([name, file]) => {
  expect(parseModelName(name)).toEqual({ id: name.split(":")[0], file });
});

test.for([
  "",
  "name",
  "a/b/c",
  "/name",
  "org/",
  "./models",
  "../models",
  "models/..",
  "org/na--me",
  "org/na..me",
  "org/name.git",
  "org/name:",
  "org\\name",
  "C:\\models\\nano",
  "~/models",
  "org/-name",
  "org/na me",
  `org/${"n".repeat(97)}`,
])("%j is no model's name", (name) => {
  expect(isModelName(name)).toBe(false);
  expect(() => parseModelName(name)).toThrow(HubError);
});

test("a file may be named once, or twice alike", () => {
  expect(parseModelName("org/name", "Q4_0")).toEqual({ id: "org/name", file: "Q4_0" });
  expect(parseModelName("org/name:Q4_0", "Q4_0").file).toBe("Q4_0");
  expect(() => parseModelName("org/name:Q4_0", "Q8_0")).toThrow(/Q4_0.*Q8_0.*one of them/);
});
