/** `env.memory` among a module's imports, up to the byte that says which limits its memory has. */
const memoryImport = [3, ...bytesOf("env"), 6, ...bytesOf("memory"), 2];

/** Limits of a memory that has a most, and of one that is shared and has one: threads, §binary/types. */
const WITH_MOST = 1;
const SHARED_WITH_MOST = 3;

/**
 * The kernels for a memory that threads share: the same module, but for the byte by which it says so. No kernel
 * needs an atomic instruction, since threads wait for each other between kernels alone.
 */
export function withSharedMemory(module: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = module.findIndex((_, start) => memoryImport.every((byte, i) => module[start + i] === byte));
  const limits = at + memoryImport.length;
  if (at < 0 || module[limits] !== WITH_MOST) throw new Error("The kernels import no memory with a most.");
  const shared = module.slice();
  shared[limits] = SHARED_WITH_MOST;
  return shared;
}

function bytesOf(name: string): number[] {
  return Array.from(name, (character) => character.charCodeAt(0));
}
