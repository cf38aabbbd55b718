import type { Model } from "@krait/models";
import type { Backend, DeviceBuffer, Executable, Extents, Step } from "@krait/tensor";
import type { TokenLogprob } from "./events.ts";
import { HeldFeeds } from "./held-feeds.ts";
import { type SampleRow, SampleRows } from "./sampling-feeds.ts";
import { StatePool } from "./state-pool.ts";
import { type Rows, StepRows } from "./step-feeds.ts";

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
  readonly top: readonly TokenLogprob[];
}

/** What log-probabilities are made of, by the names of the outputs of `sample` and `logprobs`. */
const gatheredOutputs = ["token", "tokenLogit", "logSumExp", "topIds", "topLogits"] as const;

/** Runs a model's Programs over the states of its sequences. */
export class Executor {
  readonly pool: StatePool;
  readonly #model: Model;
  readonly #backend: Backend;
  readonly #forward: Step;
  readonly #sample: Step;
  readonly #logprobs: Step;
  readonly #forwardFeeds: HeldFeeds;
  readonly #sampleFeeds: HeldFeeds;
  readonly #steps = new StepRows();
  readonly #rows: SampleRows;
  /** Where the outputs of a step are gathered, so that one read brings all of them; made when first needed. */
  #gathered: DeviceBuffer | undefined;

  /** @throws what the backend throws, out of memory above all; then everything taken so far is freed. */
  constructor(model: Model, backend: Backend) {
    const { programs, weights } = model;
    this.#model = model;
    this.#backend = backend;
    this.#forwardFeeds = new HeldFeeds(Object.keys(programs.forward.feeds));
    const maskWords = Math.ceil(model.architecture.vocabularySize / 32);
    this.#rows = new SampleRows(model.sizes.maxBiases, maskWords);
    this.#sampleFeeds = new HeldFeeds(Object.keys(programs.sample.feeds));
    const states = { ...programs.sample.states, ...programs.forward.states };
    this.pool = new StatePool(backend, states, model.memory.cacheBytes);
    const { buffers } = this.pool;
    const bound: Step[] = [];
    const bind = (executable: Executable, buffers: Parameters<Executable["bind"]>[0]): Step => {
      const step = executable.bind(buffers);
      bound.push(step);
      return step;
    };
    try {
      this.#forward = bind(model.forward, { weights, states: buffers });
      const logits = this.#forward.outputs.logits!;
      this.#sample = bind(model.sample, { weights: {}, states: { ...buffers, logits } });
      this.#logprobs = bind(model.logprobs, { weights: {}, states: { logits } });
    } catch (error) {
      for (const step of bound) step[Symbol.dispose]();
      this.pool.dispose();
      throw error;
    }
  }

  /**
   * Enqueues a step over the next rows of some sequences, each at most once.
   *
   * @param least - extents that the step is padded to.
   * @throws {EngineError} `PAGES_EXHAUSTED` or `CONTEXT_EXCEEDED`; then nothing was enqueued.
   */
  forward(parts: readonly Rows[], least: Partial<Extents> = {}): void {
    const starts = parts.map(({ sequence }) => sequence.length);
    for (const { sequence, tokens } of parts) this.pool.extend(sequence, sequence.length + tokens.length);
    const { extents, feeds } = this.#steps.join(parts, starts, least);
    this.#forwardFeeds.run(this.#forward, extents, feeds);
  }

  /**
   * Enqueues the drawing of a token from each output row of the last step, in their order; it becomes the
   * sequence's last token. However many rows there are, one read brings what was drawn.
   */
  async sample(rows: readonly SampleRow[], leastRows = 0): Promise<Sample[]> {
    const outputRows = Math.max(rows.length, leastRows);
    const extents = { rows: 0, segments: 0, longestSegment: 0, context: 0, outputRows };
    this.#sampleFeeds.run(this.#sample, extents, this.#rows.join(rows, outputRows));
    if (rows.every(({ top }) => top === undefined)) {
      const tokens = integers(await this.#sample.outputs.token!.read(0, 4 * rows.length));
      return rows.map((_, row) => ({ token: tokens[row]! }));
    }
    this.#logprobs.run(extents, {});
    return await this.#withLogprobs(rows);
  }

  async #withLogprobs(rows: readonly SampleRow[]): Promise<Sample[]> {
    const count = rows.length;
    const { topCount, maxOutputRows } = this.#model.sizes;
    // token, tokenLogit, logSumExp of each row; then the ids and the logits of the largest.
    this.#gathered ??= this.#backend.allocate(4 * maxOutputRows * (3 + 2 * topCount), "gathered");
    const outputs = { ...this.#sample.outputs, ...this.#logprobs.outputs };
    const widths = [1, 1, 1, topCount, topCount];
    let offset = 0;
    const offsets = widths.map((width) => {
      const start = offset;
      offset += 4 * width * count;
      return start;
    });
    this.#backend.copy(
      gatheredOutputs.map((name, index) => ({
        source: outputs[name]!,
        sourceOffset: 0,
        target: this.#gathered!,
        targetOffset: offsets[index]!,
        byteLength: 4 * widths[index]! * count,
      })),
    );
    const bytes = await this.#gathered.read(0, offset);
    const part = (index: number): Uint8Array => bytes.subarray(offsets[index]!, offsets[index + 1]);
    const [tokens, topIds] = [integers(part(0)), integers(part(3))];
    const [tokenLogit, logSumExp, topLogits] = [floats(part(1)), floats(part(2)), floats(part(4))];
    return rows.map(({ top }, row) => {
      const token = tokens[row]!;
      if (top === undefined) return { token };
      const likely = Array.from({ length: top }, (_, index) => ({
        token: topIds[row * topCount + index]!,
        logprob: topLogits[row * topCount + index]! - logSumExp[row]!,
      }));
      return { token, logprobs: { logprob: tokenLogit[row]! - logSumExp[row]!, top: likely } };
    });
  }

  /** Resolves when everything enqueued so far has been done. */
  async settled(): Promise<void> {
    await this.pool.buffers.lastToken!.read(0, 4);
  }

  /** The logits of one of the last step's output rows, `[vocabularySize]`. */
  async logits(row: number): Promise<Float32Array> {
    const byteLength = 4 * this.#model.architecture.vocabularySize;
    return floats(await this.#forward.outputs.logits!.read(row * byteLength, byteLength));
  }

  dispose(): void {
    this.#gathered?.[Symbol.dispose]();
    this.#logprobs[Symbol.dispose]();
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
