import { architectureOf, loadModel } from "@krait/models";
import { type Figure, figure } from "../figure.ts";
import { syntheticWeights } from "../webgpu/synthetic-weights.ts";
import { withDeviceWeights } from "./device-weights.ts";
import type { CudaBackend } from "./gpu.ts";
import type { CudaSizes } from "./suite.ts";
import { SyntheticBatch } from "./synthetic-batch.ts";

/** A context, and the memory that it is to fit into with everything else. */
export interface LongestContext {
  readonly context: number;
  readonly bytes: number;
}

/**
 * Shows that a context fits: a backend that may take so much memory and no more loads the model in bf16, reads the
 * last chunk of a prompt as long as the context, and draws a token there.
 *
 * @param make - makes a backend that may take so many bytes.
 */
export async function* showLongestContext(
  make: (memoryBytes: number) => Promise<CudaBackend>,
  { context, bytes }: LongestContext,
  sizes: Pick<CudaSizes, "shape" | "config" | "poolValues">,
): AsyncGenerator<Figure> {
  const { shape, config, poolValues } = sizes;
  await using backend = await make(bytes);
  const weights = syntheticWeights(config, "bf16");
  using model = await loadModel(
    architectureOf(config, "gguf"),
    weights,
    withDeviceWeights(backend, poolValues),
    {
      maxContext: context,
      maxKvTokens: context,
      kvDtype: "bf16",
    },
  );
  using batch = new SyntheticBatch(model, backend);
  const rows = Math.min(model.largest.rows, context);
  batch.prefill(rows, context - rows);
  batch.decode(1, context);
  await batch.settled();
  yield figure({
    name: `cuda.${shape}.bf16.context${context}.memory`,
    value: backend.counters.allocatedBytes / 2 ** 30,
    unit: "GiB",
    lessIsBetter: true,
    peer: { value: bytes / 2 ** 30, name: "the promise", goal: 1 },
  });
}
