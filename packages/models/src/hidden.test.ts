import { createCpuBackend } from "@krait/backend-cpu";
import type { Program } from "@krait/tensor";
import { exposeValues, type Fixture, openFixture, RowRunner, relativeError } from "@krait/testing";
import type { WeightFile } from "@krait/weights";
import { describe, expect, test } from "vitest";
import { architectureOf, type ModelConfig } from "./architecture.ts";
import { loadModel } from "./load-model.ts";

/** The embedding, the residual stream after each layer, and the final norm's output. */
function hiddenValues({ values }: Program): string[] {
  const names = values.map(({ name }) => name);
  const layers = new Set(names.flatMap((name) => name.match(/^layers\.\d+\./) ?? []));
  const ofLayers = [...layers].map((layer) => names.findLast((name) => name.startsWith(layer))!);
  return ["embed", ...ofLayers, "rmsNorm"];
}

/**
 * The error of each of {@link hiddenValues} on a recorded prompt: at its last position for `hidden_last`,
 * at all of them for `hidden`. The first that is too large names the layer at fault.
 */
async function hiddenErrors(
  fixture: Fixture,
  prompt: string,
  tensor: string,
  weights?: WeightFile,
): Promise<number[]> {
  const { model: folder, golden } = fixture;
  const ids = golden.integers(`${prompt}.ids`);
  const rows = ids.length;
  const architecture = architectureOf((await folder.json("config.json")) as ModelConfig);
  const backend = await createCpuBackend();
  using model = await loadModel(architecture, weights ?? (await folder.weights()), backend, {
    maxContext: rows,
    maxSequences: 1,
    chunkRows: rows,
    maxOutputRows: rows,
  });
  const forward = await backend.compile(exposeValues(model.programs.forward), { largest: model.largest });
  const runner = new RowRunner({ ...model, forward }, backend);
  await runner.run([{ slot: 0, tokens: ids }]);

  const { values, shape } = golden.floats(`${prompt}.${tensor}`);
  const names = hiddenValues(model.programs.forward);
  expect(names.length).toBe(shape[0]);
  const size = values.length / names.length;
  const errors: number[] = [];
  for (const [index, name] of names.entries()) {
    const bytes = await runner.step.outputs[name]!.read();
    const all = new Float32Array(bytes.slice().buffer);
    const got = all.subarray(all.length - size);
    errors.push(relativeError(got, values.subarray(index * size, (index + 1) * size)));
  }
  return errors;
}

describe.each(["tiny-a", "tiny-b"] as const)("the residual stream of %s", (name) => {
  test.each([
    ["p1", "hidden_last"],
    ["p7", "hidden"],
    ["p64", "hidden_last"],
    ["p300", "hidden_last"],
  ])("is the oracle's after every layer: %s.%s", async (prompt, tensor) => {
    const fixture = await openFixture(name);
    const errors = await hiddenErrors(fixture, prompt, tensor);
    expect(errors.filter((error) => !(error <= fixture.tolerance))).toEqual([]);
  });

  test("is wrong from the layer on whose weights are wrong", async () => {
    const fixture = await openFixture(name);
    const weights = await fixture.model.weights();
    const damaged: WeightFile = {
      ...weights,
      tensors: weights.tensors,
      // Layer 2 gets the weights of layer 0; both are Mamba-2.
      source: (tensor) => weights.source(tensor.replace("layers.2.mixer.in_proj", "layers.0.mixer.in_proj")),
    };
    const errors = await hiddenErrors(fixture, "p7", "hidden", damaged);
    const firstWrong = errors.findIndex((error) => !(error <= fixture.tolerance));
    expect(firstWrong).toBe(1 + 2); // after the embedding and layers 0 and 1
    expect(errors[firstWrong]).toBeGreaterThan(0.1);
  });
});
