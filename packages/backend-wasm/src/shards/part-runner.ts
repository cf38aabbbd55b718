import type { ThreadKernels } from "../kernel-module.ts";

/** Runs a part of an op, whose struct is at an address in the memory that all threads share. */
export type PartRunner = (kernel: number, struct: number, part: number) => void;

/**
 * The kernels as a thread has them: an instance of the same module, with a stack of its own in the same memory.
 *
 * Instantiating writes the module's data anew, over what is the same but for a moment: nothing may run meanwhile.
 * The source of this function is also what a thread runs, so it refers to nothing outside of itself.
 */
export function createPartRunner(kernels: ThreadKernels, thread: number, parts: number): PartRunner {
  const { module, memory, dotRange, names, stacks, stackBytes } = kernels;
  const none = (): void => {};
  const env = { memory, multiplyShards: none, widenShards: none, runParts: none };
  const { exports } = new WebAssembly.Instance(module, { env });
  (exports.__stack_pointer as WebAssembly.Global).value = stacks + thread * stackBytes;
  const call = exports as Record<string, (...words: number[]) => void>;
  call.set_dot_range!(dotRange);
  const table = exports.__indirect_function_table as WebAssembly.Table;
  const first = table.grow(names.length);
  for (const [index, name] of names.entries()) table.set(first + index, exports[name]);
  return (kernel, struct, part) => call.run_part!(kernel, struct, part, parts);
}
