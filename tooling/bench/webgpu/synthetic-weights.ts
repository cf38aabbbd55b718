import { architectureOf, type ModelConfig } from "@krait/models";
import { byteLength, type Format, quantize, type TensorSpec } from "@krait/tensor";
import type { WeightFile } from "@krait/weights";
import { RandomWeights } from "../random-model/random-weights.ts";

/** Random weights of a model, in no file: they are drawn as they are read. */
export function syntheticWeights(
  config: ModelConfig,
  matrixFormat: Format,
): Pick<WeightFile, "tensors" | "source"> {
  const random = new RandomWeights(1);
  const { weights } = architectureOf(config, "gguf");
  const entries = new Map(weights.map((entry) => [entry.checkpointName, entry]));
  const specOf = (name: string): TensorSpec => {
    const { kind, checkpointShape } = entries.get(name)!;
    return { shape: checkpointShape, format: kind === "matrix" ? matrixFormat : "f32" };
  };
  const read = (name: string): AsyncIterable<Uint8Array> => {
    const entry = entries.get(name)!;
    if (entry.kind === "matrix") return random.matrix(entry.shape as [number, number], matrixFormat);
    return once(quantize("f32", random.vector(entry.name, entry.shape)));
  };
  return {
    tensors: new Map(
      weights.map(({ checkpointName: name }) => {
        const spec = specOf(name);
        const place = { file: "random weights", byteOffset: 0, byteLength: byteLength(spec) };
        return [name, { dtype: spec.format, shape: spec.shape, spec, ...place }];
      }),
    ),
    source: (name) => ({ byteLength: byteLength(specOf(name)), pieces: () => read(name) }),
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
