import {
  type Extent,
  type Op,
  type Operand,
  Program,
  type StateSpec,
  type TensorSpec,
  type Value,
  validate,
} from "@krait/tensor";

/** The weights of an extracted Program that the model does not have, `[1, columns]`: what its ops read. */
export const SOURCE = "source.";

const lastToken: StateSpec = { per: "slot", count: 1, shape: [1], dtype: "i32" };
const perRow = { shape: ["rows"], dtype: "i32" } as const;
const perOutputRow = { shape: ["outputRows"], dtype: "i32" } as const;

/**
 * A Program of some of another's ops, with their weights, states and formats, so that they can be timed
 * without the others. What they read of ops that are left out is looked up in a small table instead, by
 * ops at the head of the Program; with no ops wanted, those stand alone, to be subtracted.
 *
 * @param wanted - consecutive in time, though not in the list: none may read what a later one writes.
 * @param like - the ops whose inputs are looked up; `wanted` unless given.
 */
export function extractOps(program: Program, wanted: readonly Op[], like: readonly Op[] = wanted): Program {
  const extraction = new Extraction(program);
  for (const op of like) extraction.provide(op, wanted);
  for (const op of wanted) extraction.add(op);
  return extraction.finish();
}

class Extraction {
  readonly #program: Program;
  readonly #weights: Record<string, TensorSpec> = {};
  readonly #states: Record<string, StateSpec> = {};
  readonly #feeds: Record<string, Program["feeds"][string]> = {};
  readonly #values: Value[] = [];
  readonly #ops: Op[] = [];
  /** Values of the new Program by those of the old. */
  readonly #ids = new Map<number, number>();
  readonly #sources = new Map<string, number>();

  constructor(program: Program) {
    this.#program = program;
  }

  /** Looks up what an op reads, unless another wanted op writes it. */
  provide(op: Op, wanted: readonly Op[]): void {
    const written = new Set(wanted.flatMap((each) => operands(each, true)).map(({ value }) => value));
    for (const { value } of operands(op, false)) {
      if (written.has(value) || this.#ids.has(value)) continue;
      const { rows, columns } = this.#program.values[value]!;
      this.#ids.set(value, rows === "outputRows" ? this.#gathered(columns) : this.#lookedUp(columns));
    }
  }

  add(op: Op): void {
    const { weights, states, feeds, values } = this.#program;
    for (const { value } of operands(op, true)) this.#ids.set(value, this.#value(values[value]!));
    const renumbered = Object.entries(op).map(([field, part]) => {
      if (typeof part !== "object" || part === null) return [field, part];
      if ("weight" in part) this.#weights[part.weight] = weights[part.weight]!;
      if ("state" in part) this.#states[part.state] = states[part.state]!;
      if ("feed" in part) this.#feeds[part.feed] = feeds[part.feed]!;
      return [field, "value" in part ? { ...part, value: this.#ids.get(part.value)! } : part];
    });
    this.#ops.push(Object.fromEntries(renumbered) as Op);
  }

  finish(): Program {
    const program = new Program({
      name: `part of ${this.#program.name}`,
      weights: this.#weights,
      states: this.#states,
      feeds: this.#feeds,
      values: this.#values,
      ops: this.#ops,
      outputs: {},
    });
    validate(program);
    return program;
  }

  #lookedUp(columns: number): number {
    return this.#once(`rows ${columns}`, () => {
      const table = `${SOURCE}${columns}`;
      this.#weights[table] = { shape: [1, columns], format: "f32" };
      const [token, output] = [this.#token(), this.#source("rows", columns)];
      const fields = { table: { weight: table }, vocabularySize: 1, hiddenSize: columns };
      this.#ops.push({ op: "embed", token: whole(token, 1), ...fields, output: whole(output, columns) });
      return output;
    });
  }

  #gathered(columns: number): number {
    return this.#once(`outputRows ${columns}`, () => {
      const input = whole(this.#lookedUp(columns), columns);
      const output = this.#source("outputRows", columns);
      this.#feeds.outputRow = perOutputRow;
      this.#ops.push({ op: "gatherRows", input, row: { feed: "outputRow" }, output: whole(output, columns) });
      return output;
    });
  }

  #token(): number {
    return this.#once("token", () => {
      const output = this.#value({ name: "source.token", rows: "rows", columns: 1, dtype: "i32" });
      this.#states.lastToken = this.#program.states.lastToken ?? lastToken;
      this.#feeds.token = perRow;
      this.#feeds.slot = perRow;
      this.#ops.push({
        op: "resolveToken",
        token: { feed: "token" },
        slot: { feed: "slot" },
        lastToken: { state: "lastToken", access: "read" },
        output: whole(output, 1),
      });
      return output;
    });
  }

  #source(rows: Extent, columns: number): number {
    return this.#value({ name: `${SOURCE}${rows}.${columns}`, rows, columns, dtype: "f32" });
  }

  #value(value: Value): number {
    return this.#values.push(value) - 1;
  }

  #once(key: string, make: () => number): number {
    const made = this.#sources.get(key) ?? make();
    this.#sources.set(key, made);
    return made;
  }
}

function operands(op: Op, written: boolean): Operand[] {
  return Object.entries(op)
    .filter(([field, part]) => field.startsWith("output") === written && isOperand(part))
    .map(([, part]) => part);
}

function isOperand(part: unknown): part is Operand {
  return typeof part === "object" && part !== null && "value" in part;
}

function whole(value: number, columns: number): Operand {
  return { value, offset: 0, columns };
}
