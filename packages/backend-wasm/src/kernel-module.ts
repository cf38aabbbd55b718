import { checkNames } from "@krait/cpu-kernels";
import { opNames } from "@krait/tensor";
import { kernelsBase64 } from "./kernels-base64.ts";

/** The compiled kernels, with a memory of their own. */
export interface KernelModule {
  readonly memory: WebAssembly.Memory;
  /** The first address that is free. */
  readonly heapStart: number;
  /** By name, where a kernel stands in the table of functions: what an entry of the op list begins with. */
  readonly places: ReadonlyMap<string, number>;
  /** Walks a list of ops; the index of the check that found a fault, or −1. */
  run(list: number, entries: number, fault: number): number;
}

/** What the module itself takes: its data and its stack. */
const INITIAL_PAGES = 4;
const MOST_PAGES = 65535;

let compiled: Promise<WebAssembly.Module> | undefined;

export async function loadKernelModule(): Promise<KernelModule> {
  compiled ??= WebAssembly.compile(bytesOf(kernelsBase64));
  const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MOST_PAGES });
  const { exports } = await WebAssembly.instantiate(await compiled, { env: { memory } });
  const table = exports.__indirect_function_table as WebAssembly.Table;
  const names = [...checkNames, ...opNames];
  const first = table.grow(names.length);
  for (const [index, name] of names.entries()) table.set(first + index, exports[name]);
  return {
    memory,
    heapStart: (exports.__heap_base as WebAssembly.Global).value,
    places: new Map(names.map((name, index) => [name, first + index])),
    run: exports.run as KernelModule["run"],
  };
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
