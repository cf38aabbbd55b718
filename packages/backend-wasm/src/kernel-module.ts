import { checkNames } from "@krait/cpu-kernels";
import { opNames } from "@krait/tensor";
import { type CompiledKernels, dotRanges } from "./kernel-build.ts";

/** The kernels, with a memory of their own. */
export interface KernelModule {
  readonly memory: WebAssembly.Memory;
  /** Where rows of a file are put for `fill`: {@link STAGING_BYTES}. */
  readonly staging: number;
  /** The first address that is free. */
  readonly heapStart: number;
  /** By name, where a kernel stands in the table of functions: what an entry of the op list begins with. */
  readonly places: ReadonlyMap<string, number>;
  /** Walks a list of ops; the index of the check that found a fault, or −1. */
  run(list: number, entries: number, fault: number): number;
  /** Brings rows as a file stores them to where `linear` reads them; `kernels/fill.c`. */
  fill(
    data: number,
    format: number,
    columns: number,
    first: number,
    count: number,
    from: number,
    rowBytes: number,
  ): void;
  /** Bytes that 8 rows by 32 columns of a block format take here. */
  tileBytes(format: number): number;
}

/** What linear and embed ask of the host for weights whose rows are elsewhere; `kernels/shards.h`. */
export interface ShardImports {
  multiplyShards(weight: number, x: number, xBytes: number, count: number, y: number, stride: number): void;
  widenShards(weight: number, rows: number, count: number, to: number, stride: number): void;
}

export const STAGING_BYTES: number = 2 ** 20;

/** What the module itself takes, its data and its stack, and the staging. */
const INITIAL_PAGES = 4 + STAGING_BYTES / 65536;
const MOST_PAGES = 65535;

export async function instantiateKernels(
  { module, dotRange }: CompiledKernels,
  shards: ShardImports,
): Promise<KernelModule> {
  const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MOST_PAGES });
  const { exports } = await WebAssembly.instantiate(module, { env: { memory, ...shards } });
  const call = exports as Record<string, (...words: number[]) => number>;
  call.set_dot_range!(dotRanges.indexOf(dotRange));
  const table = exports.__indirect_function_table as WebAssembly.Table;
  const names = [...checkNames, ...opNames];
  const first = table.grow(names.length);
  const heap = (exports.__heap_base as WebAssembly.Global).value as number;
  for (const [index, name] of names.entries()) table.set(first + index, exports[name]);
  return {
    memory,
    staging: heap,
    heapStart: heap + STAGING_BYTES,
    places: new Map(names.map((name, index) => [name, first + index])),
    run: exports.run as KernelModule["run"],
    fill: exports.fill as KernelModule["fill"],
    tileBytes: exports.tile_bytes_of as KernelModule["tileBytes"],
  };
}
