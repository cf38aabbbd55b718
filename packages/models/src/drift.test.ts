import { createCpuBackend } from "@krait/backend-cpu";
import { driftIds, openDriftGolden, openFixture, RowRunner, relativeError } from "@krait/testing";
import { expect, test } from "vitest";
import { architectureOf, type ModelConfig } from "./architecture.ts";
import { loadModel } from "./load-model.ts";

const TOKENS = 32_768;
const CHUNK = 256;

// A minute of one core, in a file of its own so that other files run beside it.
test("32,768 tokens through tiny-a stay within 1e-4 of the oracle", { timeout: 600_000 }, async () => {
  const { model: folder, tolerance } = await openFixture("tiny-a");
  const golden = await openDriftGolden();
  const architecture = architectureOf((await folder.json("config.json")) as ModelConfig);
  const backend = await createCpuBackend();
  using model = await loadModel(architecture, await folder.weights(), backend, {
    maxContext: TOKENS,
    maxSequences: 1,
    chunkRows: CHUNK,
    maxOutputRows: CHUNK,
  });
  const runner = new RowRunner(model, backend);
  const positions = golden.integers("positions");
  const ids = driftIds(TOKENS, architecture.vocabularySize);
  const { values: want } = golden.floats("logits");
  const { vocabularySize } = architecture;
  const errors = new Map<number, number>();
  for (let start = 0; start < TOKENS; start += CHUNK) {
    const [logits] = await runner.run([{ slot: 0, tokens: ids.slice(start, start + CHUNK) }]);
    for (const [index, position] of positions.entries()) {
      if (position < start || position >= start + CHUNK) continue;
      const row = (rows: Float32Array, r: number) =>
        rows.subarray(r * vocabularySize, (r + 1) * vocabularySize);
      errors.set(position, relativeError(row(logits!, position - start), row(want, index)));
    }
  }
  expect([...errors.keys()]).toEqual([1023, 4095, 8191, 16383, 32767]);
  expect(Math.max(...errors.values())).toBeLessThanOrEqual(tolerance);
});
