import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openWeights, writeSafetensorsFile } from "@krait/weights";

const folder = await mkdtemp(join(tmpdir(), "weights-"));
await writeSafetensorsFile(join(folder, "model.safetensors"), [
  { name: "embeddings", dtype: "F32", shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, 6]) },
  { name: "ids", dtype: "I64", shape: [2], data: new BigInt64Array([17n, 42n]) },
]);

const weights = await openWeights(folder);
for (const [name, { dtype, shape, byteOffset }] of weights.tensors) {
  console.log(`${name}: ${dtype} [${shape}] at byte ${byteOffset}`);
}
for await (const piece of weights.read("embeddings")) {
  console.log(new Float32Array(piece.buffer, piece.byteOffset, piece.byteLength / 4));
}
await weights.close();
await rm(folder, { recursive: true });
