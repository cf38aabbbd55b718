import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { openFixture } from "./fixtures.ts";

describe.each(["tiny-a", "tiny-b"] as const)("the fixture %s", (name) => {
  test("is what the oracle wrote, byte for byte", async () => {
    const { files, sha256 } = await openFixture(name);
    expect(Object.keys(sha256).length).toBeGreaterThanOrEqual(6);
    for (const [file, expected] of Object.entries(sha256)) {
      const bytes = new Uint8Array(await files.get(file)!.arrayBuffer());
      expect(createHash("sha256").update(bytes).digest("hex"), file).toBe(expected);
    }
  });

  test("opens as a model folder, all shards of it", async () => {
    const { model } = await openFixture(name);
    const weights = await model.weights();
    const files = new Set([...weights.tensors.values()].map(({ file }) => file));
    expect(files.size).toBe({ "tiny-a": 5, "tiny-b": 3 }[name]);
    expect(await model.json("config.json")).toMatchObject({ model_type: "nemotron_h" });
  });

  test("says so when a golden tensor is asked for that it does not hold", async () => {
    const { golden } = await openFixture(name);
    expect(() => golden.floats("p7.nothing")).toThrow('no F32 tensor "p7.nothing"');
    expect(() => golden.integers("p7.logits")).toThrow('no I64 tensor "p7.logits"');
  });
});
