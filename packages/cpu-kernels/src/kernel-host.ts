import type {
  BindingError,
  DeviceBuffer,
  Extents,
  Format,
  Op,
  OpOf,
  StepProfiler,
  WeightBuffer,
} from "@krait/tensor";
import type { Bindings } from "./bindings.ts";

/** The checks of feeds, which run before the first op; `kernels/check.c` has them. */
export const checkNames = [
  "checkRange",
  "checkNumber",
  "checkTokens",
  "checkSegments",
  "checkPages",
  "checkWrites",
] as const;

export type CheckName = (typeof checkNames)[number];

/** A region of memory that kernels read and write. */
export interface Region extends DeviceBuffer {
  readonly label: string;
  /** What a pointer to its first byte holds. */
  readonly address: number;
  readonly isDisposed: boolean;
  /** The first bytes of this region, as one that owns nothing. */
  prefix(byteLength: number, label: string): Region;
}

/** A weight where the kernels find it, in its stored format. */
export interface KernelWeight extends WeightBuffer {
  readonly address: number;
  readonly isDisposed: boolean;
  /** All of its bytes, for a small weight that is widened once; a view or a copy. */
  bytes(): Uint8Array;
}

/** What a backend brings to the kernels: memory, a way to run them, and a matrix product of its own. */
export interface KernelHost<Weight extends KernelWeight = KernelWeight> {
  /** The backend's name, for errors. */
  readonly name: string;
  /** Bytes of a pointer, and so of a word in the list of ops. */
  readonly wordBytes: 4 | 8;
  /** Into how many parts an op is divided at most. */
  readonly parts: number;
  /** By name of a check or an op, what a pointer to its kernel holds. */
  readonly kernels: ReadonlyMap<string, number>;
  readonly linear: LinearWriter<Weight>;
  /** Where `run` computes before it returns, and so can be timed: who wants to know. */
  readonly profiler?: StepProfiler;
  /** Zeroed, at a multiple of 64 bytes. @throws {MemoryLimitError} */
  allocate(bytes: number, label: string): Region;
  /** A buffer that this host allocated; undefined for any other. */
  ownRegion(buffer: DeviceBuffer): Region | undefined;
  /** A weight that this host loaded; undefined for any other. */
  ownWeight(weight: WeightBuffer): Weight | undefined;
  /**
   * Runs, or enqueues, a list of ops; the extents are written already.
   *
   * @throws {BindingError} of {@link OpList.refusal} when a check finds a fault.
   */
  run(list: OpList, extents: Extents): void;
}

/** How a backend's own matrix product gets its operands. */
export interface LinearWriter<Weight extends KernelWeight> {
  /** The words of its kernel's struct, in the struct's order. */
  words(op: OpOf<"linear">, at: Bindings<Weight>): number[];
  /** What one part of it needs, with a weight of this format. */
  workspaceBytes(op: OpOf<"linear">, largest: Extents, format: Format): number;
}

/** A bound Program, or one op of it, as the kernels walk it; `kernels/op-list.h` has its layout. */
export interface OpList {
  /** What a pointer to its first entry holds. */
  readonly address: number;
  /** How many entries it has. */
  readonly entries: number;
  /** How many of them, from the first on, are checks. */
  readonly checks: number;
  /** What the others are, in order. */
  readonly ops: readonly Op[];
  /** Where a check leaves what it found. */
  readonly fault: Region;
  /** What to throw when the check of this index found a fault, from the bytes of {@link fault}. */
  refusal(check: number, fault: Uint8Array): BindingError;
}
