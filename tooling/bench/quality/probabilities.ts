import { architectureOf, configOfGguf, loadModel } from "@krait/models";
import type { Backend } from "@krait/tensor";
import { RowRunner } from "@krait/testing";
import { openWeights } from "@krait/weights";
import { softmax } from "./divergence.ts";

/** What a backend gives each next token after each of some tokens, with the model of a GGUF file. */
export async function probabilitiesOn(
  backend: Backend,
  path: string,
  tokens: readonly number[],
  kvDtype?: "f32",
): Promise<Float64Array[]> {
  await using file = await openWeights(path);
  const architecture = architectureOf(configOfGguf(file), "gguf");
  using model = await loadModel(architecture, file, backend, {
    maxContext: tokens.length,
    maxSequences: 1,
    chunkRows: tokens.length,
    maxOutputRows: tokens.length,
    kvDtype,
  });
  const runner = new RowRunner(model, backend);
  const [logits] = await runner.run([{ slot: 0, tokens }]);
  const { vocabularySize } = architecture;
  const rows = tokens.map((_, row) =>
    softmax(logits!.subarray(row * vocabularySize, (row + 1) * vocabularySize)),
  );
  runner.dispose();
  return rows;
}
