import type { WebGpuBackend } from "@krait/backend-webgpu";
import { architectureOf, resolveModelOptions } from "@krait/models";
import { type Figure, figure } from "../figure.ts";
import { shapes } from "../random-model/shapes.ts";

/** Dispatches of one token of the whole 9B, which is compiled and not loaded. */
export async function* countDispatches(backend: WebGpuBackend): AsyncGenerator<Figure> {
  const architecture = architectureOf(shapes["9b"]!(), "gguf");
  // In a format whose weights fit the buffers of every adapter, save the largest; each more is a dispatch.
  for (const format of ["q4_k"] as const) {
    const formats = Object.fromEntries(
      architecture.weights.map(({ name, kind }) => [name, kind === "matrix" ? format : "f32"] as const),
    );
    const options = { maxContext: 1024, maxSequences: 1, chunkRows: 64 };
    const { program, largest } = resolveModelOptions(architecture, backend, formats, options);
    const { forward, sample } = architecture.programs(program);
    const one = { rows: 1, segments: 1, longestSegment: 1, context: 256, outputRows: 1 };
    const sampled = { ...one, rows: 0, segments: 0, longestSegment: 0, context: 0 };
    let dispatches = 0;
    for (const [each, extents] of [
      [forward, one],
      [sample, sampled],
    ] as const) {
      using executable = await backend.compile(each, { largest });
      dispatches += backend.dispatchesOf(executable, extents);
    }
    yield figure({
      name: `webgpu.9b.${format}.dispatches`,
      value: dispatches,
      unit: "a token",
      peer: { value: 240, name: "the most allowed" },
      lessIsBetter: true,
    });
  }
}
