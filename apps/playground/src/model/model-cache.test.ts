import type { CachedModel } from "@krait/hub";
import { expect, test } from "vitest";
import { isPartOf, keptModels } from "./model-cache.ts";

const cached = (id: string, day: number, files: Record<string, number>, commit?: string): CachedModel => ({
  id,
  commit,
  revisions: [],
  byteLength: commit === undefined ? 7 : Object.values(files).reduce((sum, bytes) => sum + bytes, 0),
  files: Object.entries(files).map(([name, byteLength]) => ({ name, byteLength })),
  lastUsed: new Date(2026, 0, day),
  isComplete: commit !== undefined,
});

test("each GGUF model of a repository is one that can be loaded, split ones as a whole", () => {
  const parts = { "b-00001-of-00002.gguf": 10, "b-00002-of-00002.gguf": 5 };
  const kept = keptModels([
    cached("org/gguf", 2, { "a.gguf": 3, ...parts }, "x"),
    cached("org/folder", 3, { "config.json": 1, "model.safetensors": 8 }, "x"),
  ]);
  expect(kept.map(({ address, byteLength }) => [address, byteLength])).toEqual([
    ["org/folder", 9],
    ["org/gguf:a.gguf", 3],
    ["org/gguf:b-00001-of-00002.gguf", 15],
  ]);
});

test("revisions of a model are one, and what is not complete is said to be so", () => {
  const url = "https://example.org/nano.gguf";
  const kept = keptModels([
    cached("org/folder", 1, { "model.safetensors": 8 }, "x"),
    cached("org/folder", 4, { "model.safetensors": 9 }, "y"),
    cached("org/half", 2, {}),
    cached(url, 3, { "nano.gguf": 5 }, "latest"),
  ]);
  expect(kept).toEqual([
    { address: "org/folder", byteLength: 17, lastUsed: new Date(2026, 0, 4), isComplete: true },
    { address: url, byteLength: 5, lastUsed: new Date(2026, 0, 3), isComplete: true },
    { address: "org/half", byteLength: 7, lastUsed: new Date(2026, 0, 2), isComplete: false },
  ]);
});

test.each([
  ["org/name:Q4_0", "org/name:name-Q4_0.gguf", true],
  ["org/name", "org/name", true],
  ["org/name", "org/name-2", false],
  ["https://huggingface.co/org/name/resolve/main/", "org/name", true],
  ["https://example.org/m/?token=a", "https://example.org/m/", true],
  ["https://example.org/m/model.safetensors", "https://example.org/m/", true],
  ["https://example.org/m/a.gguf", "https://example.org/m/b.gguf", false],
])("a model that was loaded from %s uses what is kept as %s: %s", (loaded, kept, expected) => {
  expect(isPartOf(loaded, kept)).toBe(expected);
});
