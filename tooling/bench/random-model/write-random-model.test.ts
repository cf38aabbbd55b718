import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel } from "krait";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shapes } from "./shapes.ts";
import { randomModelBytes, writeRandomModel } from "./write-random-model.ts";

const config = {
  ...shapes["0.6b"]!(),
  hybrid_override_pattern: "M-*",
  num_hidden_layers: 3,
  hidden_size: 64,
  intermediate_size: 96,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 32,
  mamba_num_heads: 8,
  mamba_head_dim: 16,
  ssm_state_size: 16,
  vocab_size: 512,
};

describe("a random model", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "krait-random-model-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(["q4_0", "bf16"] as const)("of %s loads, reads text and has finite logits", async (format) => {
    const path = join(folder, `${format}.gguf`);
    await writeRandomModel(path, config, format);
    await using model = await loadModel(path, { backend: "cpu", maxContext: 64 });
    const prompt = model.tokenizer.encode("the cat");
    let sumOfSquares = Number.NaN;
    const onLogits = (logits: Float32Array) => {
      sumOfSquares = logits.reduce((sum, logit) => sum + logit ** 2, 0) / logits.length;
    };
    for await (const _ of model.engine.generate({ prompt, format: "text", maxTokens: 1, onLogits }));
    // A normalized vector times rows of deviation 1 / √columns: of size 1.
    expect(sumOfSquares).toBeGreaterThan(0.5);
    expect(sumOfSquares).toBeLessThan(2);
  });

  test("is as large as was said before it was written", async () => {
    const path = join(folder, "size.gguf");
    await writeRandomModel(path, config, "q8_0");
    const { all, perToken } = randomModelBytes(config, "q8_0");
    const header = (await stat(path)).size - all;
    expect(header).toBeGreaterThan(0);
    expect(header).toBeLessThan(20_000);
    expect(all - perToken).toBe((512 * 64 * 34) / 32);
  });
});
