import type { Extents, Program } from "@krait/tensor";
import { CompileContext } from "./compile-context.ts";
import type { KernelTraits } from "./device/kernel-traits.ts";
import { paddedSize } from "./device/memory.ts";
import { launchesOf } from "./kernels/kernels.ts";
import { shardsOf } from "./weight.ts";

/** Bytes of the workspaces of a Program's kernels, and of vectors that are copied to follow each other. */
export function workspaceBytes(
  program: Program,
  largest: Extents,
  maxBufferBytes: number,
  traits: KernelTraits,
): number {
  const context = new CompileContext(program, largest, maxBufferBytes, traits);
  const buffers = new Map<string, number>();
  for (const { bindings } of program.ops.flatMap((op) => launchesOf(op, context))) {
    for (const binding of bindings) {
      if (binding.kind === "workspace") buffers.set(`workspace ${binding.bytes}`, binding.bytes);
      if (binding.kind !== "vectors" || binding.weights.length === 1) continue;
      const sizes = binding.weights.map((name) => shardsOf(program.weights[name]!, maxBufferBytes)[0]!.bytes);
      buffers.set(
        binding.weights.join("\n"),
        sizes.reduce((sum, bytes) => sum + bytes, 0),
      );
    }
  }
  return [...buffers.values()].reduce((sum, bytes) => sum + paddedSize(bytes), 0);
}
