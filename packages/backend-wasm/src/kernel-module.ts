import { checkNames } from "@krait/cpu-kernels";
import { opNames } from "@krait/tensor";
import { type CompiledKernels, dotRanges } from "./kernel-build.ts";

/** The kernels, with a memory of their own. */
export interface KernelModule {
  readonly memory: WebAssembly.Memory;
  /** How far the memory can grow. */
  readonly mostBytes: number;
  /** Where rows of a file are put for `fill`: {@link STAGING_BYTES}. */
  readonly staging: number;
  /** The first address that is free. */
  readonly heapStart: number;
  /** By name, where a kernel stands in the table of functions: what an entry of the op list begins with. */
  readonly places: ReadonlyMap<string, number>;
  /** What other threads need to run parts of kernels in the same memory; none where this thread is alone. */
  readonly threads: ThreadKernels | undefined;
  /** Walks a list of ops; the index of the check that found a fault, or −1. */
  run(list: number, entries: number, fault: number): number;
  /** Runs a part of one op. */
  runPart(kernel: number, struct: number, part: number, parts: number): void;
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

/** The kernels of another thread: of the same module, so that a kernel stands in the same place of its table. */
export interface ThreadKernels {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly dotRange: number;
  /** Exports in the order in which they are added to the table of functions. */
  readonly names: readonly string[];
  /** Where the stack of thread n, from 1 on, begins: `stacks + n · stackBytes`, downwards. */
  readonly stacks: number;
  readonly stackBytes: number;
}

/** What kernels ask of the host: parts by other threads, and weights whose rows are elsewhere; `kernels/shards.h`. */
export interface ShardImports {
  runParts(kernel: number, struct: number): void;
  multiplyShards(weight: number, x: number, xBytes: number, count: number, y: number, stride: number): void;
  widenShards(weight: number, rows: number, count: number, to: number, stride: number): void;
}

export const STAGING_BYTES: number = 2 ** 20;

const PAGE_BYTES = 65536;
const STACK_BYTES = 65536;
/** What the module itself takes, its data and its stack. */
const MODULE_PAGES = 4;
const MOST_PAGES = 65535;
/** A memory that is shared reserves all that it may grow to, for which a phone may not have the addresses. */
const LEAST_MOST_PAGES = 4096;

export async function instantiateKernels(
  kernels: CompiledKernels,
  shards: ShardImports,
  threads: number,
): Promise<KernelModule> {
  const isShared = threads > 1;
  const module = isShared ? await kernels.shared() : kernels.module;
  const stacksBytes = (threads - 1) * STACK_BYTES;
  const initial = MODULE_PAGES + Math.ceil((STAGING_BYTES + stacksBytes) / PAGE_BYTES);
  const { memory, maximum } = createMemory(initial, isShared);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory, ...shards } });
  const call = exports as Record<string, (...words: number[]) => number>;
  const dotRange = dotRanges.indexOf(kernels.dotRange);
  call.set_dot_range!(dotRange);
  const table = exports.__indirect_function_table as WebAssembly.Table;
  const names = [...checkNames, ...opNames];
  const first = table.grow(names.length);
  for (const [index, name] of names.entries()) table.set(first + index, exports[name]);
  const heap = (exports.__heap_base as WebAssembly.Global).value as number;
  const stacks = Math.ceil(heap / 16) * 16;
  return {
    memory,
    mostBytes: maximum * PAGE_BYTES,
    staging: stacks + stacksBytes,
    heapStart: stacks + stacksBytes + STAGING_BYTES,
    places: new Map(names.map((name, index) => [name, first + index])),
    threads: isShared ? { module, memory, dotRange, names, stacks, stackBytes: STACK_BYTES } : undefined,
    run: exports.run as KernelModule["run"],
    runPart: exports.run_part as KernelModule["runPart"],
    fill: exports.fill as KernelModule["fill"],
    tileBytes: exports.tile_bytes_of as KernelModule["tileBytes"],
  };
}

function createMemory(initial: number, shared: boolean): { memory: WebAssembly.Memory; maximum: number } {
  for (let maximum = MOST_PAGES; ; maximum = Math.ceil(maximum / 2)) {
    try {
      return { memory: new WebAssembly.Memory({ initial, maximum, shared }), maximum };
    } catch (error) {
      if (maximum <= LEAST_MOST_PAGES) throw error;
    }
  }
}
