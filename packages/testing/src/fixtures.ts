import { type ModelFolder, openModelFolder, openWeights, parseConfigJson } from "@krait/weights";
import { fixturePaths, readFixtureFile } from "./fixture-files.ts";
import { type OracleRecipe, oracleCheckpoint } from "./oracle-checkpoint/oracle-checkpoint.ts";
import type { OracleConfig } from "./oracle-checkpoint/oracle-weights.ts";

/** The weights are random numbers: kept as what they are drawn from, and drawn again. */
const recipes = {
  "tiny-a": { seed: 101, shardBytes: 120_000 },
  "tiny-b": { seed: 202, shardBytes: 4_000_000 },
} as const satisfies Record<string, OracleRecipe>;

export type FixtureName = keyof typeof recipes;

const shards = new Map<FixtureName, ReadonlyMap<string, Blob>>();

/** A tiny checkpoint, and what the oracle computed from it. */
export interface Fixture {
  /** The folder as its owner would have it: `config.json`, the shards and their index, by file name. */
  readonly files: ReadonlyMap<string, Blob>;
  /** The same, opened. */
  readonly model: ModelFolder;
  /** As `fixtures/README.md` names them. */
  readonly golden: Golden;
  /** The largest |got − want| / rms(want) that an engine in f32 may have. */
  readonly tolerance: number;
  /** Of every file, decompressed, in hexadecimal. */
  readonly sha256: Readonly<Record<string, string>>;
}

/** Recorded tensors, by name. */
export interface Golden {
  readonly names: readonly string[];
  /** @throws {Error} when there is no f32 tensor of this name. */
  floats(name: string): GoldenTensor;
  /** @throws {Error} when there is no i64 tensor of this name. */
  integers(name: string): number[];
}

export interface GoldenTensor {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array;
}

export async function openFixture(name: FixtureName): Promise<Fixture> {
  const files = new Map<string, Blob>();
  for (const path of fixturePaths.filter((each) => each.startsWith(`${name}/`))) {
    files.set(path.slice(name.length + 1), new Blob([readFixtureFile(path)]));
  }
  for (const [file, blob] of shardsOf(name)) files.set(file, blob);
  const { tolerance, sha256 } = JSON.parse(await files.get("golden.json")!.text());
  const golden = await readGolden(files.get("golden.safetensors")!);
  return { files, model: await openModelFolder(files), golden, tolerance, sha256 };
}

function shardsOf(name: FixtureName): ReadonlyMap<string, Blob> {
  const drawn = shards.get(name);
  if (drawn) return drawn;
  const config = readJson(`${name}/config.json`) as OracleConfig;
  const made = new Map(
    [...oracleCheckpoint(config, recipes[name])].map(([file, bytes]) => [file, new Blob([bytes])] as const),
  );
  shards.set(name, made);
  return made;
}

/** Logits of 32,768 tokens through tiny-a, as `make_drift_golden.py` writes them: `positions` and `logits`. */
export async function openDriftGolden(): Promise<Golden> {
  return await readGolden(new Blob([readFixtureFile("tiny-a/drift.safetensors")]));
}

/** The ids whose logits {@link openDriftGolden} holds; the generator of `make_drift_golden.py`. */
export function driftIds(count: number, vocabularySize: number): number[] {
  let x = 1;
  return Array.from({ length: count }, () => {
    x = (Math.imul(1664525, x) + 1013904223) >>> 0;
    return 16 + ((x >>> 16) % (vocabularySize - 16));
  });
}

/** The config of a released model, such as `NVIDIA-Nemotron-Nano-9B-v2`. */
export function readConfig(model: string): Record<string, unknown> {
  return readJson(`configs/${model}.json`) as Record<string, unknown>;
}

function readJson(path: string): unknown {
  return parseConfigJson(new TextDecoder().decode(readFixtureFile(path)), path);
}

async function readGolden(file: Blob): Promise<Golden> {
  const weights = await openWeights(new Map([["model.safetensors", file]]));
  const tensors = new Map<
    string,
    { dtype: string; shape: readonly number[]; bytes: Uint8Array<ArrayBuffer> }
  >();
  for (const [name, { dtype, shape }] of weights.tensors) {
    tensors.set(name, { dtype, shape, bytes: await weights.bytes(name) });
  }
  const tensor = (name: string, expected: string) => {
    const found = tensors.get(name);
    if (found?.dtype !== expected) throw new Error(`The golden has no ${expected} tensor "${name}".`);
    return found;
  };
  return {
    names: [...tensors.keys()],
    floats(name) {
      const { shape, bytes } = tensor(name, "F32");
      return { shape, values: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4) };
    },
    integers(name) {
      const { bytes } = tensor(name, "I64");
      return Array.from(new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8), Number);
    },
  };
}
