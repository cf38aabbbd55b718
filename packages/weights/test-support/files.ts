import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeSafetensors, type TensorToWrite } from "../src/index.ts";

/** A whole safetensors file in memory. */
export async function safetensors(
  tensors: readonly TensorToWrite[],
  metadata?: Readonly<Record<string, string>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of encodeSafetensors(tensors, metadata)) parts.push(new Uint8Array(piece));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** A file with the given header text, and as many bytes of data. */
export function fileWithHeader(header: string, dataBytes: number): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + json.byteLength + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.byteLength), true);
  file.set(json, 8);
  return file;
}

/** Values 0, 1, 2, … as f32: bytes that tell where they are from. */
export function countingTensor(
  name: string,
  shape: readonly number[],
): TensorToWrite & { readonly data: Float32Array } {
  const values = new Float32Array(shape.reduce((product, count) => product * count, 1)).map((_, i) => i);
  return { name, dtype: "F32", shape, data: values };
}

/** Everything that a reader yields, copied out of pieces that it may use again. */
export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of pieces) parts.push(new Uint8Array(piece));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** An empty folder that is deleted with its content at the end of the scope. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "krait-weights-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
