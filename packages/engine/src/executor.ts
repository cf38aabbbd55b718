import type { Model } from "@krait/models";
import { type Backend, type Extents, SEGMENT_COLUMNS, type Step } from "@krait/tensor";
import type { SamplingFeeds } from "./sampling-feeds.ts";
import { type Sequence, StatePool } from "./state-pool.ts";

/** Stands in a row for the token that the sequence sampled last. */
export const LAST_TOKEN = -1;

/** Rows of one sequence for one step. */
export interface Rows {
  readonly sequence: Sequence;
  /** Token ids, or {@link LAST_TOKEN}. */
  readonly tokens: readonly number[];
  /** Whether the tokens were generated, for the penalties of sampling, or stood in the prompt. */
  readonly generated: boolean;
}

/** What was sampled from one row of logits. */
export interface Sample {
  readonly token: number;
  /** Absent unless log-probabilities were asked for. */
  readonly logprobs?: TokenLogprobs;
}

/** Log-probabilities under the model's own distribution. */
export interface TokenLogprobs {
  /** Of the token. */
  readonly logprob: number;
  /** The most likely tokens, most likely first. */
  readonly top: readonly { readonly token: number; readonly logprob: number }[];
}

/** Runs a model's two Programs over the states of its sequences. */
export class Executor {
  readonly pool: StatePool;
  readonly #model: Model;
  readonly #forward: Step;
  readonly #sample: Step;

  /** @throws what the backend throws, out of memory above all; then everything taken so far is freed. */
  constructor(model: Model, backend: Backend) {
    const { programs, weights } = model;
    this.#model = model;
    this.pool = new StatePool(backend, { ...programs.sample.states, ...programs.forward.states });
    const states = this.pool.buffers;
    let forward: Step | undefined;
    try {
      forward = model.forward.bind({ weights, states });
      const { logits } = forward.outputs;
      this.#sample = model.sample.bind({ weights: {}, states: { ...states, logits: logits! } });
      this.#forward = forward;
    } catch (error) {
      forward?.[Symbol.dispose]();
      this.pool.dispose();
      throw error;
    }
  }

  /**
   * Enqueues a step over one sequence's next rows. Wanted logits are those of the last `outputs` rows.
   *
   * @throws {EngineError} `PAGES_EXHAUSTED` or `CONTEXT_EXCEEDED`; then nothing was enqueued.
   */
  forward({ sequence, tokens, generated }: Rows, outputs: number): void {
    const start = sequence.length;
    const rows = tokens.length;
    this.pool.extend(sequence, start + rows);
    const segment = new Int32Array(SEGMENT_COLUMNS);
    segment.set([0, rows, sequence.slot, sequence.slot, -1, -1]);
    const feeds: Record<string, Int32Array> = {
      token: Int32Array.from(tokens),
      slot: new Int32Array(rows).fill(sequence.slot),
      position: Int32Array.from({ length: rows }, (_, row) => start + row),
      generated: new Int32Array(rows).fill(generated ? 1 : 0),
      segment,
      outputRow: Int32Array.from({ length: outputs }, (_, index) => rows - outputs + index),
    };
    // A model without attention has no use for positions.
    if (!("position" in this.#model.programs.forward.feeds)) delete feeds.position;
    const extents: Extents = {
      rows,
      segments: 1,
      longestSegment: rows,
      context: start + rows,
      outputRows: outputs,
    };
    this.#forward.run(extents, feeds);
  }

  /**
   * Enqueues the drawing of a token from the step's only output row; it becomes the sequence's last token.
   *
   * @param top - how many of the most likely tokens are read with it; undefined for no log-probabilities.
   *   Every read is a way to the device and back, so what nobody asked for is not read.
   */
  async sample(sequence: Sequence, feeds: SamplingFeeds, top: number | undefined): Promise<Sample> {
    this.#sample.run(
      { rows: 0, segments: 0, longestSegment: 0, context: 0, outputRows: 1 },
      { ...feeds, slot: Int32Array.of(sequence.slot), position: Int32Array.of(sequence.length) },
    );
    // Asked for together, so that all are read at this point of the queue.
    const [token, logprobs] = await Promise.all([this.#read("token", 1), this.#logprobs(top)]);
    return { token: integers(token)[0]!, ...(logprobs && { logprobs }) };
  }

  async #logprobs(top: number | undefined): Promise<TokenLogprobs | undefined> {
    if (top === undefined) return undefined;
    const [tokenLogit, logSumExp, topIds, topLogits] = await Promise.all([
      this.#read("tokenLogit", 1),
      this.#read("logSumExp", 1),
      this.#read("topIds", top),
      this.#read("topLogits", top),
    ]);
    const offset = floats(logSumExp)[0]!;
    const logits = floats(topLogits);
    return {
      logprob: floats(tokenLogit)[0]! - offset,
      top: Array.from(integers(topIds), (id, index) => ({ token: id, logprob: logits[index]! - offset })),
    };
  }

  /** The first values of an output of the last sampling. */
  #read(output: string, count: number): Promise<Uint8Array> {
    return this.#sample.outputs[output]!.read(0, 4 * count);
  }

  /** Resolves when everything enqueued for this sequence so far has been done. */
  async settled({ slot }: Sequence): Promise<void> {
    await this.pool.buffers.lastToken!.read(4 * slot, 4);
  }

  /** The logits of the last step's output rows, `[outputs, vocabularySize]`. */
  async logits(outputs: number): Promise<Float32Array> {
    const { vocabularySize } = this.#model.architecture;
    return floats(await this.#forward.outputs.logits!.read(0, 4 * outputs * vocabularySize));
  }

  dispose(): void {
    this.#sample[Symbol.dispose]();
    this.#forward[Symbol.dispose]();
    this.pool.dispose();
  }
}

function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

function integers(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}
