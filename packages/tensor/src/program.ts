import type { Extent, Shape } from "./extents.ts";
import type { DType, TensorSpec } from "./format.ts";
import type { Op } from "./ops/op.ts";
import { printProgram } from "./print-program.ts";

/** Positions in one page of keys and values. */
export const PAGE_SIZE = 32;

/** An intermediate of a step: a row-major matrix with one row for each unit of `rows`. Written by one op. */
export interface Value {
  readonly name: string;
  readonly rows: Extent;
  readonly columns: number;
  readonly dtype: "f32" | "i32";
}

/** A feed is written by the host before a step. One that `run` is not given keeps what it held, zeros at first. */
export interface FeedSpec {
  readonly shape: Shape;
  readonly dtype: "f32" | "i32" | "u32";
}

/**
 * Memory that outlives a step. Ops write it in place.
 *
 * - `page`: grows with the sequence, `PAGE_SIZE` positions a page; addressable, shareable, truncatable.
 * - `slot`: of fixed size for each sequence, a summary of everything so far; neither addressable nor
 *   truncatable. A slot that is handed out anew must be cleared or overwritten by whoever hands it out.
 * - `outputRow`: rows that another Program wrote in this step, such as its logits.
 */
export interface StateSpec {
  readonly per: "page" | "slot" | "outputRow";
  /** How many pages, slots or output rows there are. */
  readonly count: number;
  /** The shape of one slot, of one output row, or of one position of a page. */
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** Columns `offset` to `offset + columns` of a value; the row stride is the value's own width. */
export interface Operand {
  readonly value: number;
  readonly offset: number;
  readonly columns: number;
}

export interface WeightRef {
  readonly weight: string;
}

export interface FeedRef {
  readonly feed: string;
}

export interface StateRef {
  readonly state: string;
  readonly access: "read" | "update";
}

/**
 * One step of a model, or of sampling, as data: a flat list of ops over named weights, states and
 * feeds. It is built once with {@link buildProgram}, checked without any device, and run by a Backend.
 */
export class Program {
  readonly name: string;
  readonly weights: Readonly<Record<string, TensorSpec>>;
  readonly states: Readonly<Record<string, StateSpec>>;
  readonly feeds: Readonly<Record<string, FeedSpec>>;
  readonly values: readonly Value[];
  readonly ops: readonly Op[];
  /** Values that the host or another Program reads after a step. */
  readonly outputs: Readonly<Record<string, Operand>>;

  constructor(parts: Omit<Program, "toString">) {
    this.name = parts.name;
    this.weights = parts.weights;
    this.states = parts.states;
    this.feeds = parts.feeds;
    this.values = parts.values;
    this.ops = parts.ops;
    this.outputs = parts.outputs;
  }

  /** The Program as text, one op a line. */
  toString(): string {
    return printProgram(this);
  }
}
