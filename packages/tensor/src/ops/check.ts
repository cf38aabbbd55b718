import { ProgramError } from "../errors.ts";
import type { Extent } from "../extents.ts";
import type { DType, TensorSpec } from "../format.ts";
import type { FeedRef, FeedSpec, Operand, StateRef, StateSpec, Value, WeightRef } from "../program.ts";

/** What an op may refer to while its shapes are checked: a Program, finished or still being built. */
export interface Tables {
  readonly name: string;
  readonly weights: Readonly<Record<string, TensorSpec>>;
  readonly states: Readonly<Record<string, StateSpec>>;
  readonly feeds: Readonly<Record<string, FeedSpec>>;
  readonly values: readonly Value[];
}

/** The questions that shape rules ask. Each throws a {@link ProgramError} with what was expected and what came. */
export class Checker {
  readonly #tables: Tables;
  readonly #op: string;

  constructor(tables: Tables, op: string) {
    this.#tables = tables;
    this.#op = op;
  }

  fail(message: string): never {
    throw new ProgramError(this.#tables.name, this.#op, message);
  }

  /** An operand of these columns and dtype; returns what its rows count. */
  operand(field: string, operand: Operand, columns: number, dtype: "f32" | "i32" = "f32"): Extent {
    const value = this.#tables.values[operand.value];
    if (value === undefined) this.fail(`${field} refers to value %${operand.value}, which does not exist`);
    if (operand.offset < 0 || operand.offset + operand.columns > value.columns) {
      this.fail(
        `${field} takes columns ${operand.offset} to ${operand.offset + operand.columns} of "${value.name}", ` +
          `which has ${value.columns}`,
      );
    }
    if (operand.columns !== columns) {
      this.fail(`${field} "${value.name}" has ${operand.columns} columns, expected ${columns}`);
    }
    if (value.dtype !== dtype) this.fail(`${field} "${value.name}" is ${value.dtype}, expected ${dtype}`);
    return value.rows;
  }

  /** Operands of one op must count the same rows. */
  rows(field: string, actual: Extent, expected: Extent): void {
    if (actual !== expected)
      this.fail(`${field} has one row for each of "${actual}", expected "${expected}"`);
  }

  weight(field: string, { weight }: WeightRef, shape: readonly number[]): TensorSpec {
    const spec = this.#tables.weights[weight];
    if (spec === undefined) this.fail(`${field} refers to weight "${weight}", which does not exist`);
    this.#shape(field, `weight "${weight}"`, spec.shape, shape);
    return spec;
  }

  feed(field: string, { feed }: FeedRef, dtype: FeedSpec["dtype"], shape: FeedSpec["shape"]): void {
    const spec = this.#tables.feeds[feed];
    if (spec === undefined) this.fail(`${field} refers to feed "${feed}", which does not exist`);
    if (spec.dtype !== dtype) this.fail(`${field}: feed "${feed}" is ${spec.dtype}, expected ${dtype}`);
    this.#shape(field, `feed "${feed}"`, spec.shape, shape);
  }

  /** @param dtype - for states of one dtype only; others are the backend's choice. */
  state(
    field: string,
    { state }: StateRef,
    per: StateSpec["per"],
    shape: readonly number[],
    dtype?: DType,
  ): StateSpec {
    const spec = this.#tables.states[state];
    if (spec === undefined) this.fail(`${field} refers to state "${state}", which does not exist`);
    if (spec.per !== per) this.fail(`${field}: state "${state}" is per ${spec.per}, expected per ${per}`);
    this.#shape(field, `state "${state}"`, spec.shape, shape);
    if (dtype !== undefined && spec.dtype !== dtype) {
      this.fail(`${field}: state "${state}" is ${spec.dtype}, expected ${dtype}`);
    }
    return spec;
  }

  /** The columns of a state's or feed's second dimension, for ops that take any number. */
  feedColumns(field: string, { feed }: FeedRef): number {
    const columns = this.#tables.feeds[feed]?.shape[1];
    if (typeof columns !== "number")
      this.fail(`${field}: feed "${feed}" needs a second dimension of fixed size`);
    return columns;
  }

  stateShape(field: string, { state }: StateRef): readonly number[] {
    const spec = this.#tables.states[state];
    if (spec === undefined) this.fail(`${field} refers to state "${state}", which does not exist`);
    return spec.shape;
  }

  multiple(field: string, count: number, of: number): void {
    if (of < 1 || count % of !== 0) this.fail(`${field} is ${count}, which is not a multiple of ${of}`);
  }

  #shape(
    field: string,
    what: string,
    actual: readonly (number | string)[],
    expected: readonly (number | string)[],
  ): void {
    if (actual.length !== expected.length || actual.some((dimension, i) => dimension !== expected[i])) {
      this.fail(`${field}: ${what} has shape [${actual.join(", ")}], expected [${expected.join(", ")}]`);
    }
  }
}
