import type { Extents, Operand, StateRef, WeightRef } from "@krait/tensor";

/** A compiled source of kernels: PTX, compressed by Brotli and in base64. */
export interface PtxModule {
  /** Of its source, `kernels/<name>.cu`. */
  readonly name: string;
  /** SHA-256 of the source, of all that it includes, and of how it is compiled. */
  readonly sourceHash: string;
  readonly base64: string;
}

/** How many blocks in x, y and z; what is left out is 1. Nothing is launched where one is 0. */
export type Grid = readonly [x: number, y?: number, z?: number];

/** A parameter of a kernel, before there are buffers. */
export type Argument =
  | { readonly kind: "value"; readonly value: number; readonly byteOffset: number }
  | { readonly kind: "weight"; readonly weight: string }
  /** What the values of a weight are multiplied by, as f32; 1 but for formats with a scale of the whole tensor. */
  | { readonly kind: "scale"; readonly weight: string }
  | { readonly kind: "state"; readonly state: string }
  /** A word of what the host writes before a step, as `StepLayout` lays it out. */
  | { readonly kind: "step"; readonly word: number }
  /** Memory that ops which ask for it by one name share, as large as the largest needs it. */
  | { readonly kind: "workspace"; readonly name: string; readonly bytes: number }
  | { readonly kind: "none" }
  | { readonly kind: "i32"; readonly value: number }
  | { readonly kind: "f32"; readonly value: number };

/** One launch of a Program: a kernel, what it is given, and how large it is for a step. */
export interface Launch {
  readonly module: PtxModule;
  /** The name that `KERNEL` gives it. */
  readonly kernel: string;
  /** Of a block; what `KERNEL` says. */
  readonly threads: number;
  /** In the order of the kernel's parameters. */
  readonly args: readonly Argument[];
  /** Dynamic shared memory of a block. */
  readonly sharedBytes?: number | ((extents: Extents) => number);
  /**
   * Of the step, or of a larger one whose captured commands serve it: kernels look at the exact extents,
   * which the step's buffer begins with.
   */
  readonly grid: (extents: Extents) => Grid;
}

/** The address of an operand's first element. */
export const pointer = ({ value, offset }: Operand): Argument => ({
  kind: "value",
  value,
  byteOffset: 4 * offset,
});

export const weight = ({ weight }: WeightRef): Argument => ({ kind: "weight", weight });

export const weightScale = ({ weight }: WeightRef): Argument => ({ kind: "scale", weight });

export const state = ({ state }: StateRef): Argument => ({ kind: "state", state });

export const workspace = (name: string, bytes: number): Argument => ({ kind: "workspace", name, bytes });

export const i32 = (value: number): Argument => ({ kind: "i32", value });

export const f32 = (value: number): Argument => ({ kind: "f32", value });

/** A null pointer, for what an op does without. */
export const none: Argument = { kind: "none" };
