import { type Program, type StateRef, stateBytes } from "@krait/tensor";
import type { CompileContext } from "./compile-context.ts";
import { partBytes } from "./device/memory.ts";
import type { Binding } from "./launch.ts";

/** How many buffers hold so many bytes. */
export function partsOf(bytes: number, maxBufferBytes: number): number {
  const most = partBytes(maxBufferBytes);
  return bytes > most ? Math.ceil(bytes / most) : 1;
}

/** The states that kernels read and write in parts: recurrent ones, and pages of keys and values. */
export function splitStates({ ops }: Program): ReadonlySet<string> {
  const names = new Set<string>();
  for (const op of ops) {
    if (op.op === "ssmScan") names.add(op.recurrent.state);
    if (op.op === "writeKv" || op.op === "attention") names.add(op.keys.state).add(op.values.state);
  }
  return names;
}

/** A state as a kernel is given it: bindings, and the functions by which it reads and writes a word of it. */
export interface StateParts {
  readonly source: string;
  readonly bindings: readonly Binding[];
}

interface Access {
  /** What functions are called: `load_<name>`, and where it is written, `store_<name>`. */
  readonly name: string;
  readonly access: "read" | "write";
  /** Of a word; 16-bit numbers are two in a `u32`. */
  readonly type: "f32" | "u32" | "atomic<u32>";
  /** The number of its first binding; the others follow. */
  readonly firstBinding: number;
}

/**
 * Declares the buffers of a state and a function for each way to use a word of it. A state that is larger than
 * an adapter's buffers lies in several, each as large as can be, whatever slots or pages that cuts in two.
 */
export function stateParts(ref: StateRef, at: CompileContext, how: Access): StateParts {
  const { name, access, type, firstBinding } = how;
  const parts = partsOf(stateBytes(at.program.states[ref.state]!), at.maxBufferBytes);
  const indices = Array.from({ length: parts }, (_, part) => part);
  const words = partBytes(at.maxBufferBytes) / 4;
  const mode = access === "write" ? "read_write" : "read";
  const declarations = indices.map(
    (part) =>
      `@group(0) @binding(${firstBinding + part}) var<storage, ${mode}> ${name}_${part}: array<${type}>;`,
  );
  const element = (part: number): string => `${name}_${part}[at${part === 0 ? "" : ` - ${part * words}`}]`;
  /** The last part is what remains. */
  const choose = (use: (place: string) => string): string => {
    if (parts === 1) return `  ${use(element(0))}`;
    const cases = indices.map(
      (part) => `    ${part === parts - 1 ? "default" : `case ${part}`}: { ${use(element(part))} }`,
    );
    return [`  switch (at / ${words}) {`, ...cases, "  }"].join("\n");
  };
  const functions =
    type === "atomic<u32>"
      ? [
          `fn replace_${name}(at: u32, mask: u32, bits: u32) {`,
          choose((place) => `atomicAnd(&${place}, ~mask); atomicOr(&${place}, bits);`),
          "}",
        ]
      : [
          `fn load_${name}(at: u32) -> ${type} {`,
          choose((place) => `return ${place};`),
          "}",
          ...(access === "write"
            ? [`fn store_${name}(at: u32, word: ${type}) {`, choose((place) => `${place} = word;`), "}"]
            : []),
        ];
  return {
    source: [...declarations, ...functions].join("\n"),
    bindings: indices.map((part) => ({ kind: "state", state: ref.state, access, part })),
  };
}
