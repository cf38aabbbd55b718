import { f32ToBf16 } from "@krait/tensor";
import { type OracleConfig, type OracleWeight, oracleWeights } from "./oracle-weights.ts";

/** How `tooling/oracle/make_fixtures.py` made a checkpoint. */
export interface OracleRecipe {
  readonly seed: number;
  /** A shard ends before the tensor that would make it larger. */
  readonly shardBytes: number;
}

/** The shards that the oracle wrote, byte for byte, by file name. */
export function oracleCheckpoint(
  config: OracleConfig,
  { seed, shardBytes }: OracleRecipe,
): Map<string, Uint8Array<ArrayBuffer>> {
  const shards: OracleWeight[][] = [[]];
  let size = 0;
  for (const weight of oracleWeights(config, seed)) {
    const bytes = 2 * weight.values.length;
    if (size + bytes > shardBytes && shards.at(-1)!.length > 0) {
      shards.push([]);
      size = 0;
    }
    shards.at(-1)!.push(weight);
    size += bytes;
  }
  const number = (n: number) => String(n).padStart(5, "0");
  return new Map(
    shards.map((weights, i) => [
      `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`,
      bf16Safetensors(weights),
    ]),
  );
}

function bf16Safetensors(weights: readonly OracleWeight[]): Uint8Array<ArrayBuffer> {
  const entries: [string, unknown][] = [["__metadata__", { format: "pt" }]];
  let end = 0;
  for (const { name, shape, values } of weights) {
    entries.push([name, { dtype: "BF16", shape, data_offsets: [end, end + 2 * values.length] }]);
    end += 2 * values.length;
  }
  const json = JSON.stringify(Object.fromEntries(entries));
  const header = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const file = new Uint8Array(8 + header.length + end);
  new DataView(file.buffer).setUint32(0, header.length, true);
  file.set(header, 8);
  const stored = new Uint16Array(file.buffer, 8 + header.length);
  let at = 0;
  for (const { values } of weights) for (const value of values) stored[at++] = f32ToBf16(Math.fround(value));
  return file;
}
