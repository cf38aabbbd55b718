import {
  buildProgram,
  byteLength,
  type DType,
  type Extents,
  elementCount,
  type FeedRef,
  type FeedSpec,
  formatLayouts,
  type Operand,
  type OpName,
  type Program,
  type ProgramBuilder,
  quantize,
  type StateRef,
  type StateSpec,
  stateBytes,
  type WeightRef,
  type WeightSource,
} from "@krait/tensor";
import { Random } from "../random.ts";
import type { StepInputs } from "../step.ts";

/** One row of the table that every backend runs against the reference. */
export interface OpCase {
  readonly op: OpName;
  /** What is interesting about it. */
  readonly name: string;
  readonly program: Program;
  readonly inputs: StepInputs;
  /** The largest error of any value or state, as `differenceOf` measures it. */
  readonly tolerance: number;
}

export interface OpCaseOptions {
  readonly rows: number;
  readonly segments?: number;
  readonly outputRows?: number;
  /** The last position of any row, plus one. */
  readonly context?: number;
  /** 1e-10 unless given: what single precision leaves of sums of some hundred products. */
  readonly tolerance?: number;
}

/** A case whose Program `build` makes, around the op that it is about. */
export function opCase(
  op: OpName,
  name: string,
  options: OpCaseOptions,
  build: (c: CaseBuilder) => void,
): OpCase {
  const { rows, segments = 0, outputRows = 0, context = 0, tolerance = 1e-10 } = options;
  const extents = { rows, segments, longestSegment: rows, context, outputRows };
  const inputs: Inputs = { extents, weights: {}, states: {}, feeds: {} };
  const program = buildProgram(op, (b) => build(new CaseBuilder(b, inputs, seedOf(`${op} ${name}`))));
  return { op, name, program, inputs, tolerance };
}

interface Inputs {
  readonly extents: Extents;
  readonly weights: Record<string, WeightSource>;
  readonly states: Record<string, Uint8Array>;
  readonly feeds: Record<string, ArrayBufferView>;
}

/** Declares what an op needs, together with what it holds. */
export class CaseBuilder {
  readonly b: ProgramBuilder;
  readonly random: Random;
  readonly #inputs: Inputs;
  #identity: Operand | undefined;
  #names = 0;

  constructor(b: ProgramBuilder, inputs: Inputs, seed: number) {
    this.b = b;
    this.#inputs = inputs;
    this.random = new Random(seed);
  }

  /** One row of normally distributed numbers for each row of the step. */
  rows(columns: number, deviation = 1): Operand {
    const { rows } = this.#inputs.extents;
    this.#identity ??= this.tokens(Int32Array.from({ length: rows }, (_, row) => row));
    // Values come only from ops: each row looks up its own row of a random table.
    return this.b.embed(this.#identity, this.weight([rows, columns], { deviation }));
  }

  /** A view into wider rows, so that offset and stride matter. */
  view(columns: number, deviation = 1): Operand {
    const [, operand] = this.b.split(this.rows(columns + 5, deviation), [2, columns, 3]);
    return operand!;
  }

  /** The given token id in each row. */
  tokens(ids: Int32Array): Operand {
    return this.b.resolveToken({
      token: this.feed(["rows"], ids),
      slot: this.feed(["rows"], new Int32Array(ids.length)),
      lastToken: this.state({ per: "slot", count: 1, shape: [1], dtype: "i32" }),
    });
  }

  /** A weight of normally distributed numbers, or of the given ones. */
  weight(
    shape: readonly number[],
    {
      format = "f32",
      deviation = 1,
      values,
    }: { format?: DType; deviation?: number; values?: Float32Array } = {},
  ): WeightRef {
    const bytes = quantize(format, values ?? this.random.normal(elementCount(shape), deviation));
    const spec = { shape, format };
    const name = this.#name("weight");
    this.#inputs.weights[name] = sourceOf(bytes, byteLength(spec) / (shape[0] ?? 1));
    return this.b.weight(name, spec);
  }

  /** A state that holds the given numbers; random ones for f32, f16 and bf16, and zeros for integers, unless given. */
  state(spec: StateSpec, values?: ArrayLike<number>): StateRef {
    const name = this.#name("state");
    const count = stateBytes(spec) / formatLayouts[spec.dtype].bytesPerBlock;
    const isInteger = spec.dtype === "i32" || spec.dtype === "u32";
    const held = values ?? (isInteger ? new Float32Array(count) : this.random.normal(count));
    this.#inputs.states[name] = isInteger
      ? new Uint8Array(Int32Array.from(held).buffer)
      : quantize(spec.dtype, Float32Array.from(held));
    return this.b.state(name, spec);
  }

  feed(shape: FeedSpec["shape"], values: Int32Array | Float32Array | Uint32Array): FeedRef {
    const dtype = values instanceof Float32Array ? "f32" : values instanceof Int32Array ? "i32" : "u32";
    const name = this.#name("feed");
    this.#inputs.feeds[name] = values;
    return this.b.feed(name, { shape, dtype });
  }

  #name(kind: string): string {
    this.#names += 1;
    return `${kind}${this.#names}`;
  }
}

/** Bytes as a source of pieces, cut after every few rows, as files are. */
export function sourceOf(bytes: Uint8Array, rowBytes: number = bytes.byteLength): WeightSource {
  const pieceBytes = 3 * Math.max(rowBytes, 1);
  return {
    byteLength: bytes.byteLength,
    async *pieces() {
      for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
    },
  };
}

/** FNV-1a, 32 bits. */
function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  return hash;
}
