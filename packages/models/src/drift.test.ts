import { createCpuBackend } from "@krait/backend-cpu";
import { driftIds, openDriftGolden, openFixture, RowRunner, relativeError } from "@krait/testing";
import { expect, test } from "vitest";
import { architectureOf, type ModelConfig } from "./architecture.ts";
import { loadModel } from "./load-model.ts";

const CHUNK = 256;

test("8,192 tokens through tiny-a stay within 1e-4 of the oracle", { timeout: 120_000 }, async () => {
  await expectNoDrift(8_192);
});

// Attention's cost grows with the square: this is more than a minute of one core.
test("32,768 tokens through tiny-a stay within 1e-4 of the oracle", { timeout: 600_000 }, async ({
  skip,
}) => {
  skip(!process.env.CI, "takes more than a minute; run with CI=1");
  await expectNoDrift(32_768);
});

async function expectNoDrift(tokens: number): Promise<void> {
  const { model: folder, tolerance } = await openFixture("tiny-a");
  const golden = await openDriftGolden();
  const architecture = architectureOf((await folder.json("config.json")) as ModelConfig);
  const backend = await createCpuBackend();
  using model = await loadModel(architecture, await folder.weights(), backend, {
    maxContext: tokens,
    maxSequences: 1,
    chunkRows: CHUNK,
    maxOutputRows: CHUNK,
  });
  const runner = new RowRunner(model, backend);
  const positions = golden.integers("positions");
  const ids = driftIds(tokens, architecture.vocabularySize);
  const { values: want } = golden.floats("logits");
  const { vocabularySize } = architecture;
  const errors = new Map<number, number>();
  for (let start = 0; start < tokens; start += CHUNK) {
    const [logits] = await runner.run([{ slot: 0, tokens: ids.slice(start, start + CHUNK) }]);
    for (const [index, position] of positions.entries()) {
      if (position < start || position >= start + CHUNK) continue;
      const row = (rows: Float32Array, r: number) =>
        rows.subarray(r * vocabularySize, (r + 1) * vocabularySize);
      errors.set(position, relativeError(row(logits!, position - start), row(want, index)));
    }
  }
  expect([...errors.keys()]).toEqual(
    [1023, 4095, 8191, 16383, 32767].filter((position) => position < tokens),
  );
  expect(Math.max(...errors.values())).toBeLessThanOrEqual(tolerance);
}
