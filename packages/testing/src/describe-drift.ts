import type { Backend } from "@krait/tensor";
import { expect, test } from "vitest";
import { relativeError } from "./equality-subject.ts";
import { driftIds, openDriftGolden, openFixture } from "./fixtures.ts";
import { RowRunner } from "./row-runner.ts";
import type { LoadRunnableModel } from "./runnable-model.ts";

const CHUNK = 256;

export interface DriftOptions {
  /** How `@krait/models` loads a checkpoint. */
  readonly load: LoadRunnableModel;
  /** How far to go: attention's cost grows with the square. */
  readonly tokens: 8_192 | 32_768;
}

/** Registers a test that recurrent states do not drift away from the oracle's over a long sequence. */
export function describeDrift(createBackend: () => Promise<Backend>, { load, tokens }: DriftOptions): void {
  const name = `${tokens.toLocaleString("en")} tokens through tiny-a leave the oracle's logits all along`;
  test(name, { timeout: 300_000 }, async () => {
    const { model: folder, tolerance } = await openFixture("tiny-a");
    const golden = await openDriftGolden();
    const config = (await folder.json("config.json")) as Record<string, unknown>;
    const vocabularySize = Number(config.vocab_size);
    await using backend = await createBackend();
    const source = { name: "tiny-a", config, weights: await folder.weights() };
    using model = await load(source, backend, {
      maxContext: tokens,
      maxSequences: 1,
      maxKvTokens: tokens,
      chunkRows: CHUNK,
      maxOutputRows: CHUNK,
      kvDtype: "f32",
    });
    const runner = new RowRunner(model, backend);
    const positions = golden.integers("positions");
    const ids = driftIds(tokens, vocabularySize);
    const { values: want } = golden.floats("logits");
    const row = (rows: Float32Array, index: number) =>
      rows.subarray(index * vocabularySize, (index + 1) * vocabularySize);
    const errors = new Map<number, number>();
    for (let start = 0; start < tokens; start += CHUNK) {
      const [logits] = await runner.run([{ slot: 0, tokens: ids.slice(start, start + CHUNK) }]);
      for (const [index, position] of positions.entries()) {
        if (position < start || position >= start + CHUNK) continue;
        errors.set(position, relativeError(row(logits!, position - start), row(want, index)));
      }
    }
    runner.dispose();
    expect([...errors.keys()]).toEqual(
      [1023, 4095, 8191, 16383, 32767].filter((position) => position < tokens),
    );
    expect(Math.max(...errors.values())).toBeLessThanOrEqual(tolerance);
  });
}
