import { readdirSync, readFileSync } from "node:fs";
import type { TestRepository } from "./hub-server.ts";

type Entry = { readonly dtype: string; readonly shape: readonly number[]; data_offsets: [number, number] };

/** How many times the layers of the embedded model stand in a row. */
const REPETITIONS = 40;

/** The files of the embedded model, by name. */
export function tinyFiles(): Readonly<Record<string, Uint8Array>> {
  const folder = new URL("../../tiny-model/model/", import.meta.url);
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder))]));
}

/** The embedded model with its layers many times over: 200 MB that can be loaded, and say nothing of sense. */
export function hugeModel(): TestRepository {
  const { "model.safetensors": weights, "config.json": config, ...texts } = tinyFiles();
  const file = Buffer.from(weights!);
  const dataStart = 8 + Number(file.readBigUInt64LE(0));
  const { __metadata__: _, ...header } = JSON.parse(file.subarray(8, dataStart).toString());
  const tensors = Object.entries(header as Record<string, Entry>).flatMap(([name, tensor]) =>
    /\.layers\./.test(name) ? repeated(name, tensor) : [[name, tensor] as const],
  );
  const entries: Record<string, Entry> = {};
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const [name, { data_offsets: range, ...tensor }] of tensors) {
    const bytes = file.subarray(dataStart + range[0], dataStart + range[1]);
    parts.push(bytes);
    entries[name] = { ...tensor, data_offsets: [end, end + bytes.byteLength] };
    end += bytes.byteLength;
  }
  const json = Buffer.from(JSON.stringify(entries));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.byteLength));
  return {
    id: "org/huge",
    files: {
      ...texts,
      "config.json": withManyLayers(config!),
      "model.safetensors": Buffer.concat([length, json, ...parts]),
    },
  };
}

/** A tensor of one of the layers under the names that it has in all repetitions. */
function repeated(name: string, tensor: Entry): (readonly [string, Entry])[] {
  return Array.from({ length: REPETITIONS }, (_, repetition) => {
    const shifted = name.replace(/(?<=\.layers\.)\d+/, (layer) => String(Number(layer) + 10 * repetition));
    return [shifted, tensor] as const;
  });
}

/** By its text: the file has numbers that JSON lacks. */
function withManyLayers(config: Uint8Array): Uint8Array {
  const text = new TextDecoder()
    .decode(config)
    .replace(/(?<="hybrid_override_pattern": ")[^"]*/, (pattern) => pattern.repeat(REPETITIONS))
    .replace(/(?<="num_hidden_layers": )\d+/, (layers) => String(Number(layers) * REPETITIONS));
  return new TextEncoder().encode(text);
}
