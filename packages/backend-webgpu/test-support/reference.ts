import { createCpuBackend } from "@krait/backend-cpu";
import {
  type Backend,
  dequantize,
  type Executable,
  Program,
  quantize,
  type TensorSpec,
  type WeightBuffer,
  type WeightSource,
} from "@krait/tensor";
import { sourceOf, wrapBackend } from "@krait/testing";

/** The reference, which has no block formats, over the values that they stand for. */
export async function createWideReference(): Promise<Backend> {
  const backend = await createCpuBackend();
  const wide = (spec: TensorSpec): TensorSpec => ({ ...spec, format: "f32" });
  const loadWeight = async (spec: TensorSpec, source: WeightSource): Promise<WeightBuffer> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of source.pieces()) pieces.push(dequantizeBytes(spec, piece));
    return await backend.loadWeight(wide(spec), sourceOf(joined(pieces)));
  };
  const compile: Backend["compile"] = async (program, options): Promise<Executable> => {
    const weights = Object.entries(program.weights).map(([name, spec]) => [name, wide(spec)]);
    return await backend.compile(new Program({ ...program, weights: Object.fromEntries(weights) }), options);
  };
  return wrapBackend(backend, { loadWeight, compile });
}

function dequantizeBytes({ format }: TensorSpec, piece: Uint8Array): Uint8Array {
  return quantize("f32", dequantize(format, piece));
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}
