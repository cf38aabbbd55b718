import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { modelUrl } from "@krait/tiny-model";

type Header = Readonly<
  Record<string, { readonly dtype: string; readonly shape: number[]; data_offsets: number[] }>
>;

const names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] as const;

/** The embedded model in two files of weights, as larger models are published. */
export function shardedModel(): Readonly<Record<string, Uint8Array>> {
  const folder = fileURLToPath(modelUrl);
  const files = Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]),
  );
  const { "model.safetensors": weights, ...others } = files;
  const headerLength = Number(weights!.readBigUInt64LE(0));
  const { __metadata__: _, ...header } = JSON.parse(weights!.subarray(8, 8 + headerLength).toString());
  const tensors = Object.entries(header as Header);
  const data = weights!.subarray(8 + headerLength);
  const half = data.length / 2;
  const groups = [0, 1].map((shard) =>
    tensors.filter(
      ([
        ,
        {
          data_offsets: [from],
        },
      ]) => Number(from! >= half) === shard,
    ),
  );
  const weightMap = groups.flatMap((group, shard) => group.map(([name]) => [name, names[shard]]));
  return {
    ...others,
    "model.safetensors.index.json": Buffer.from(
      JSON.stringify({ metadata: { total_size: data.length }, weight_map: Object.fromEntries(weightMap) }),
    ),
    [names[0]]: shardOf(groups[0]!, data),
    [names[1]]: shardOf(groups[1]!, data),
  };
}

/** A safetensors file of some tensors of another. */
function shardOf(tensors: readonly [string, Header[string]][], data: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  const header: Record<string, Header[string]> = {};
  let end = 0;
  for (const [name, tensor] of tensors) {
    const [from, to] = tensor.data_offsets as [number, number];
    parts.push(data.subarray(from, to));
    header[name] = { ...tensor, data_offsets: [end, end + to - from] };
    end += to - from;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...parts]);
}
