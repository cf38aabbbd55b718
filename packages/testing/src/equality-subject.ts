import type { Backend } from "@krait/tensor";
import { Random } from "./random.ts";
import { RowRunner } from "./row-runner.ts";
import type { LoadRunnableModel, ModelSource, RunnableModel } from "./runnable-model.ts";

/** When two runs count as equal. */
export interface Equality {
  /** They must have the same bits. */
  readonly exact: boolean;
  /** Where they need not: the largest |a − b| / rms(a) of logits. */
  readonly tolerance?: number;
}

export const SLOTS = 6;
const CONTEXT = 96;
const ROWS = 64;

/** A model on a backend with everything that the equalities ask of it. */
export class EqualitySubject {
  readonly runner: RowRunner;
  readonly vocabularySize: number;
  readonly #model: RunnableModel;
  readonly #equality: Equality;
  readonly #random = new Random(11);

  private constructor(source: ModelSource, model: RunnableModel, backend: Backend, equality: Equality) {
    this.vocabularySize = Number(source.config.vocab_size);
    this.runner = new RowRunner(model, backend);
    this.#model = model;
    this.#equality = equality;
  }

  static async load(
    source: ModelSource,
    backend: Backend,
    load: LoadRunnableModel,
    equality: Equality,
  ): Promise<EqualitySubject> {
    const model = await load(source, backend, {
      maxContext: CONTEXT,
      maxSequences: SLOTS,
      maxKvTokens: SLOTS * CONTEXT,
      chunkRows: ROWS,
      maxOutputRows: ROWS,
    });
    return new EqualitySubject(source, model, backend, equality);
  }

  /** Random tokens, others with each call. */
  tokens(count: number): number[] {
    return Array.from({ length: count }, () => this.#random.integer(0, this.vocabularySize));
  }

  /** Runs tokens through an emptied slot, cut after the given counts. Returns all logits. */
  async run(slot: number, tokens: readonly number[], cuts: readonly number[] = []): Promise<Float32Array> {
    this.runner.clear(slot);
    return await this.goOn(slot, tokens, cuts);
  }

  /** Runs more tokens after those that a slot has seen. */
  async goOn(slot: number, tokens: readonly number[], cuts: readonly number[] = []): Promise<Float32Array> {
    const edges = [...new Set([0, ...cuts, tokens.length])].sort((a, b) => a - b);
    const logits: Float32Array[] = [];
    for (const [index, end] of edges.slice(1).entries()) {
      const [part] = await this.runner.run([{ slot, tokens: tokens.slice(edges[index], end) }]);
      logits.push(part!);
    }
    return joined(logits);
  }

  /** @throws {Error} when the logits are not equal. */
  requireEqual(what: string, got: Float32Array, want: Float32Array): void {
    if (got.length !== want.length) throw new Error(`${what}: ${got.length} logits, expected ${want.length}`);
    const { exact, tolerance = 0 } = this.#equality;
    const error = relativeError(got, want);
    if (exact ? !sameBytes(bytesOf(got), bytesOf(want)) : !(error <= tolerance)) {
      throw new Error(`${what}: logits differ by ${error} of their root mean square`);
    }
  }

  /**
   * Requires all states of two slots to be the same, bit for bit. Where bits may differ, the logits that
   * follow from the states speak for them.
   *
   * @throws {Error} naming the states that differ.
   */
  async requireSameState(what: string, slot: number, other: number): Promise<void> {
    if (!this.#equality.exact) return;
    const got = await this.runner.slotState(slot);
    const want = await this.runner.slotState(other);
    const different = Object.keys(want).filter((name) => !sameBytes(got[name]!, want[name]!));
    if (different.length > 0) throw new Error(`${what}: states differ: ${different.join(", ")}`);
  }

  dispose(): void {
    this.runner.dispose();
    this.#model[Symbol.dispose]();
  }
}

export function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** max |got − want| / rms(want), by which goldens too are compared. NaN where `got` holds one. */
export function relativeError(got: Float32Array, want: Float32Array): number {
  let square = 0;
  let largest = 0;
  for (let i = 0; i < want.length; i++) {
    square += want[i]! * want[i]!;
    largest = Math.max(largest, Math.abs(got[i]! - want[i]!));
  }
  return largest / Math.sqrt(square / want.length);
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
