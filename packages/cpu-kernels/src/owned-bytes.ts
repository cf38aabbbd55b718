import { type Extents, elementCount, type Program } from "@krait/tensor";
import { extentNames } from "./bindings.ts";
import { FAULT_BYTES } from "./fault.ts";
import type { KernelHost, KernelWeight } from "./kernel-host.ts";
import { workspaceBytes } from "./workspace.ts";

/** No entry of the list has more words: the longest is that of the scan. */
const MOST_WORDS = 64;

/**
 * What a bound Program allocates beside its intermediates and feeds: the workspace of its ops, weights that are
 * widened or turned, and the list of ops. Not less than it will be, and hardly more.
 */
export function ownedBytes<Weight extends KernelWeight>(
  program: Program,
  largest: Extents,
  host: Pick<KernelHost<Weight>, "linear" | "parts" | "wordBytes">,
): number {
  const stored = new Set(
    program.ops.flatMap((op) => {
      if (op.op === "linear") return [op.weight.weight];
      return op.op === "embed" ? [op.table.weight] : [];
    }),
  );
  const turned = new Set(program.ops.flatMap((op) => (op.op === "causalConv" ? [op.weight.weight] : [])));
  const widened = Object.entries(program.weights)
    .filter(([name, { format }]) => turned.has(name) || (format !== "f32" && !stored.has(name)))
    .reduce((sum, [, { shape }]) => sum + 4 * elementCount(shape), 0);
  // A feed has at most one check for each thing that it may name.
  const entries = program.ops.length + 4 * Object.keys(program.feeds).length;
  const list = entries * MOST_WORDS * host.wordBytes;
  const workspace = host.parts * workspaceBytes(program, largest, host);
  return workspace + widened + 4 * extentNames.length + FAULT_BYTES + list;
}
