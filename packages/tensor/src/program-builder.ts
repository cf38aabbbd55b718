import { ProgramError } from "./errors.ts";
import type { Extent } from "./extents.ts";
import type { TensorSpec } from "./format.ts";
import { Checker } from "./ops/check.ts";
import type { Activation } from "./ops/dense.ts";
import { checkOp, type Op, type OpOf } from "./ops/op.ts";
import {
  type FeedRef,
  type FeedSpec,
  type Operand,
  Program,
  type StateRef,
  type StateSpec,
  type Value,
  type WeightRef,
} from "./program.ts";
import { validate } from "./validate.ts";

/** What is left of an op's fields when the builder supplies its name and outputs. */
type Fields<Name extends Op["op"]> = Omit<OpOf<Name>, "op" | "output" | "outputIds" | "outputLogits">;

/**
 * Builds a Program and checks every op as it is added.
 *
 * @throws {ProgramError} when an op does not fit its operands, or when something declared is not used.
 */
export function buildProgram(name: string, build: (b: ProgramBuilder) => void): Program {
  const builder = new ProgramBuilder(name);
  build(builder);
  const program = builder.finish();
  validate(program);
  return program;
}

/** Declares weights, states and feeds, and adds ops. Every op returns the view of what it wrote. */
export class ProgramBuilder {
  readonly #name: string;
  readonly #weights: Record<string, TensorSpec> = {};
  readonly #states: Record<string, StateSpec> = {};
  readonly #feeds: Record<string, FeedSpec> = {};
  readonly #values: Value[] = [];
  readonly #ops: Op[] = [];
  readonly #outputs: Record<string, Operand> = {};
  #scope = "";

  constructor(name: string) {
    this.#name = name;
  }

  /** Values that `build` writes are named after this scope, for example `layers.3`. */
  scope<T>(name: string, build: () => T): T {
    const outer = this.#scope;
    this.#scope = `${outer}${name}.`;
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  weight(name: string, spec: TensorSpec): WeightRef {
    declare(this.#name, this.#weights, "weight", name, spec);
    return { weight: name };
  }

  /** A state that ops read and write in place. */
  state(name: string, spec: StateSpec): StateRef {
    declare(this.#name, this.#states, "state", name, spec);
    return { state: name, access: "update" };
  }

  feed(name: string, spec: FeedSpec): FeedRef {
    declare(this.#name, this.#feeds, "feed", name, spec);
    return { feed: name };
  }

  /** Makes a value readable after a step. */
  output(name: string, operand: Operand): void {
    declare(this.#name, this.#outputs, "output", name, operand);
  }

  /** Consecutive views of an operand's columns; costs nothing at run time. */
  split(operand: Operand, columns: readonly number[]): Operand[] {
    const sum = columns.reduce((a, b) => a + b, 0);
    if (sum !== operand.columns) {
      throw new ProgramError(
        this.#name,
        undefined,
        `split into ${columns.join(" + ")} = ${sum} columns, but the operand has ${operand.columns}`,
      );
    }
    let offset = operand.offset;
    return columns.map((count) => {
      const view = { value: operand.value, offset, columns: count };
      offset += count;
      return view;
    });
  }

  resolveToken(fields: Fields<"resolveToken">): Operand {
    return this.#add({
      op: "resolveToken",
      ...fields,
      output: this.#value("resolveToken", "rows", 1, "i32"),
    });
  }

  countTokens(fields: Fields<"countTokens">): void {
    this.#push({ op: "countTokens", ...fields });
  }

  embed(token: Operand, table: WeightRef): Operand {
    const [vocabularySize = 0, hiddenSize = 0] = this.#weights[table.weight]?.shape ?? [];
    const output = this.#value("embed", this.#rowsOf(token), hiddenSize);
    return this.#add({ op: "embed", token, table, vocabularySize, hiddenSize, output });
  }

  gatherRows(input: Operand, row: FeedRef): Operand {
    return this.#add({
      op: "gatherRows",
      input,
      row,
      output: this.#value("gatherRows", "outputRows", input.columns),
    });
  }

  rmsNorm(input: Operand, weight: WeightRef, { epsilon }: { epsilon: number }): Operand {
    return this.#add({ op: "rmsNorm", input, weight, epsilon, output: this.#like("rmsNorm", input) });
  }

  linear(
    input: Operand,
    weight: WeightRef,
    options: {
      bias?: WeightRef | undefined;
      activation?: Activation | undefined;
      residual?: Operand | undefined;
    } = {},
  ): Operand {
    const { bias, activation, residual } = options;
    const columns = this.#weights[weight.weight]?.shape[0] ?? 0;
    return this.#add({
      op: "linear",
      input,
      weight,
      ...(bias && { bias }),
      ...(activation && { activation }),
      ...(residual && { residual }),
      output: this.#value("linear", this.#rowsOf(input), columns),
    });
  }

  causalConv(fields: Fields<"causalConv">): Operand {
    return this.#add({ op: "causalConv", ...fields, output: this.#like("causalConv", fields.input) });
  }

  ssmScan(fields: Fields<"ssmScan">): Operand {
    return this.#add({ op: "ssmScan", ...fields, output: this.#like("ssmScan", fields.x) });
  }

  gatedGroupNorm(fields: Fields<"gatedGroupNorm">): Operand {
    return this.#add({ op: "gatedGroupNorm", ...fields, output: this.#like("gatedGroupNorm", fields.input) });
  }

  writeKv(fields: Fields<"writeKv">): void {
    this.#push({ op: "writeKv", ...fields, pageTable: readOnly(fields.pageTable) });
  }

  attention(fields: Fields<"attention">): Operand {
    const { pageTable, keys, values } = fields;
    return this.#add({
      op: "attention",
      ...fields,
      pageTable: readOnly(pageTable),
      keys: readOnly(keys),
      values: readOnly(values),
      output: this.#like("attention", fields.query),
    });
  }

  adjustLogits(fields: Fields<"adjustLogits">): Operand {
    const vocabularySize = this.#states[fields.logits.state]?.shape[0] ?? 0;
    return this.#add({
      op: "adjustLogits",
      ...fields,
      logits: readOnly(fields.logits),
      count: readOnly(fields.count),
      output: this.#value("adjustLogits", "outputRows", vocabularySize),
    });
  }

  drawToken(fields: Fields<"drawToken">): Operand {
    return this.#add({
      op: "drawToken",
      ...fields,
      output: this.#value("drawToken", "outputRows", 1, "i32"),
    });
  }

  logSumExp(logits: StateRef): Operand {
    return this.#add({
      op: "logSumExp",
      logits: readOnly(logits),
      output: this.#value("logSumExp", "outputRows", 1),
    });
  }

  topK(logits: StateRef, { count }: { count: number }): { ids: Operand; logits: Operand } {
    const ids = this.#value("topK.ids", "outputRows", count, "i32");
    const largest = this.#value("topK.logits", "outputRows", count);
    this.#push({ op: "topK", logits: readOnly(logits), outputIds: ids, outputLogits: largest });
    return { ids, logits: largest };
  }

  tokenLogit(logits: StateRef, token: Operand): Operand {
    return this.#add({
      op: "tokenLogit",
      logits: readOnly(logits),
      token,
      output: this.#value("tokenLogit", "outputRows", 1),
    });
  }

  finish(): Program {
    return new Program({
      name: this.#name,
      weights: this.#weights,
      states: this.#states,
      feeds: this.#feeds,
      values: this.#values,
      ops: this.#ops,
      outputs: this.#outputs,
    });
  }

  #value(op: string, rows: Extent, columns: number, dtype: Value["dtype"] = "f32"): Operand {
    const base = this.#scope + op;
    let name = base;
    for (let n = 2; this.#values.some((value) => value.name === name); n++) name = `${base}${n}`;
    return { value: this.#values.push({ name, rows, columns, dtype }) - 1, offset: 0, columns };
  }

  #like(op: string, operand: Operand): Operand {
    return this.#value(op, this.#rowsOf(operand), operand.columns);
  }

  #rowsOf(operand: Operand): Extent {
    return this.#values[operand.value]?.rows ?? "rows";
  }

  #add(op: Op & { readonly output: Operand }): Operand {
    this.#push(op);
    return op.output;
  }

  #push(op: Op): void {
    const tables = {
      name: this.#name,
      weights: this.#weights,
      states: this.#states,
      feeds: this.#feeds,
      values: this.#values,
    };
    checkOp(op, new Checker(tables, `#${this.#ops.length} ${this.#scope}${op.op}`));
    this.#ops.push(op);
  }
}

const readOnly = ({ state }: StateRef): StateRef => ({ state, access: "read" });

function declare<T>(program: string, table: Record<string, T>, kind: string, name: string, entry: T): void {
  if (name in table) throw new ProgramError(program, undefined, `${kind} "${name}" is declared twice`);
  table[name] = entry;
}
