import type { Extents, Operand, StateRef } from "@krait/tensor";
import type { KernelProduct } from "./kernel-compile-error.ts";

/** How many workgroups in x, y and z; what is left out is 1. Nothing is dispatched where one is 0. */
export type Workgroups = readonly [x: number, y?: number, z?: number];

/** What a kernel reads or writes, before there are buffers. */
export type Binding =
  /** Extents and feeds, as `StepLayout` lays them out. */
  | { readonly kind: "step" }
  | { readonly kind: "value"; readonly value: number; readonly access: "read" | "write" }
  /** Rows of a weight, as `weightLayout` stores them. */
  | { readonly kind: "weight"; readonly weight: string; readonly shard: number }
  /** Small f32 weights, one after the other. */
  | { readonly kind: "vectors"; readonly weights: readonly string[] }
  | {
      readonly kind: "state";
      readonly state: string;
      readonly access: "read" | "write";
      /** Which of its buffers, where there are several; the first unless given. */
      readonly part?: number;
    }
  /** Memory of the op's own, of the bytes it asks for. */
  | { readonly kind: "workspace"; readonly bytes: number; readonly access: "read" | "write" };

/** One dispatch of a Program: a kernel, what it is given, and how large it is for a step. */
export interface Launch {
  readonly source: string;
  readonly entryPoint: string;
  readonly constants: Readonly<Record<string, number>>;
  /** In the order of the kernel's `@binding`. */
  readonly bindings: readonly Binding[];
  readonly workgroups: (extents: Extents) => Workgroups;
  /** Where it is for a product, which has other variants. */
  readonly product?: KernelProduct;
}

export const step: Binding = { kind: "step" };

export const read = ({ value }: Operand): Binding => ({ kind: "value", value, access: "read" });

export const write = ({ value }: Operand): Binding => ({ kind: "value", value, access: "write" });

export const vectors = (...weights: readonly { readonly weight: string }[]): Binding => ({
  kind: "vectors",
  weights: weights.map(({ weight }) => weight),
});

export const readState = ({ state }: StateRef): Binding => ({ kind: "state", state, access: "read" });

export const writeState = ({ state }: StateRef): Binding => ({ kind: "state", state, access: "write" });
