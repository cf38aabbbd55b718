import { architectureOf, loadModel, type Model } from "@krait/models";
import {
  CHOICE_COLUMNS,
  ChoiceColumn,
  type Extents,
  type Format,
  type Program,
  SETTING_COLUMNS,
  SettingColumn,
  type Step,
} from "@krait/tensor";
import { RowRunner, randomModel, readConfig } from "@krait/testing";
import { expect, test } from "vitest";
import { withAdapter } from "../test-support/adapter.ts";
import { CompileContext } from "./compile-context.ts";
import { kernelTraits } from "./device/kernel-traits.ts";
import { createWebGPUBackend, type WebGpuBackend } from "./index.ts";
import { launchesOf } from "./kernels/kernels.ts";

const config9B = readConfig("NVIDIA-Nemotron-Nano-9B-v2");
const one: Extents = { rows: 1, segments: 1, longestSegment: 1, context: 60, outputRows: 1 };
const sampling: Extents = { rows: 0, segments: 0, longestSegment: 0, context: 0, outputRows: 1 };
const TOP = 20;

/** What the engine reads of a token whose log-probabilities are wanted. */
const reads = { token: 1, tokenLogit: 1, logSumExp: 1, topIds: TOP, topLogits: TOP };

/** Dispatches of one token of the 9B itself, whose matrices have this format, and of its log-probabilities. */
function dispatchesOf9B(format: Format, maxBufferBytes: number): number {
  const architecture = architectureOf(config9B);
  const matrices = architecture.weights.filter(({ shape }) => shape.length === 2 && shape[1]! >= 256);
  const programs = architecture.programs({
    formats: Object.fromEntries(matrices.map(({ name }) => [name, format])),
    stateDtype: "f32",
    kvDtype: "f16",
    maxSlots: 4,
    maxPages: 36,
    maxContext: 1024,
    maxOutputRows: 8,
    maxBiases: 64,
    topCount: TOP,
  });
  const largest = { rows: 256, segments: 4, longestSegment: 256, context: 1024, outputRows: 8 };
  const count = (program: Program, extents: Extents): number => {
    const at = new CompileContext(
      program,
      largest,
      maxBufferBytes,
      kernelTraits(false, { subgroups: true, byteDots: true, halves: true }),
    );
    return program.ops
      .flatMap((op) => launchesOf(op, at))
      .filter(({ workgroups }) => workgroups(extents).every((groups) => groups !== 0)).length;
  };
  const { forward, sample, logprobs } = programs;
  return count(forward, one) + count(sample, sampling) + count(logprobs, sampling);
}

test.each([
  ["bf16", 2 ** 31, 195],
  ["q4_k", 2 ** 27, 199],
] as const)(
  "a token of the 9B in %s, in buffers of %i bytes, takes %i dispatches with its log-probabilities",
  (format, bytes, count) => {
    expect(dispatchesOf9B(format, bytes)).toBe(count);
  },
);

/** The 9B's layers, narrow: as many ops of the same kinds, and few bytes. */
const narrow = {
  hybrid_override_pattern: String(config9B.hybrid_override_pattern),
  vocab_size: 256,
  hidden_size: 32,
  intermediate_size: 48,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 8,
  mamba_num_heads: 8,
  mamba_head_dim: 8,
  ssm_state_size: 8,
  n_groups: 2,
  use_conv_bias: true,
  use_bias: false,
  attention_bias: false,
  mlp_bias: false,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
} as const;

await withAdapter("a token of the 9B's layers", () => {
  test("is one submit of at most 240 dispatches, whose few bytes come back in one piece, one step late", async () => {
    await using backend = await createWebGPUBackend();
    const { config, weights } = await randomModel(1, narrow);
    using model = await loadModel(architectureOf(config), weights, backend, {
      maxContext: 64,
      maxSequences: 2,
      chunkRows: 8,
      topCount: TOP,
    });
    const decoder = new Decoder(model, backend);
    expect(model.architecture.weights.length).toBe(architectureOf(config9B).weights.length);
    await decoder.enqueue(); // the first submit also carries what came before it

    const before = backend.counters;
    const isRead: boolean[] = [];
    const enqueue = (): Promise<unknown> => {
      const index = isRead.push(false) - 1;
      return decoder.enqueue().then(() => {
        isRead[index] = true;
      });
    };
    for (let token = 0; token < 6; token += 2) {
      // Between two tokens end tasks, each with a submit, but no event comes in: so the second is
      // encoded and on its way before the bytes of the first can be back.
      const first = enqueue();
      await Promise.resolve();
      expect(backend.counters.submits - before.submits).toBe(token + 1);
      const second = enqueue();
      await Promise.resolve();
      expect(backend.counters.submits - before.submits).toBe(token + 2);
      expect(isRead).toEqual([...new Array(token).fill(true), false, false]);
      await Promise.all([first, second]);
    }

    const { submits, mappings, dispatches, bytesRead } = backend.counters;
    expect(submits - before.submits).toBe(6);
    expect(mappings - before.mappings).toBe(6);
    expect((dispatches - before.dispatches) / 6).toBe(dispatchesOf9B("bf16", 2 ** 31));
    expect((dispatches - before.dispatches) / 6).toBeLessThanOrEqual(240);
    expect((bytesRead - before.bytesRead) / 6).toBe(4 * (3 + 2 * TOP)); // 172 of the 4096 allowed
    decoder.dispose();
  });
});

/** Enqueues tokens, each of which is the one that the step before draws. */
class Decoder {
  readonly #runner: RowRunner;
  readonly #sample: Step;
  readonly #logprobs: Step;
  #position = 0;

  constructor(model: Model, backend: WebGpuBackend) {
    this.#runner = new RowRunner(model, backend);
    const logits = this.#runner.step.outputs.logits!;
    this.#sample = model.sample.bind({ weights: {}, states: { ...this.#runner.states, logits } });
    this.#logprobs = model.logprobs.bind({ weights: {}, states: { logits } });
  }

  /** Resolves when the token and its log-probabilities have been read. */
  enqueue(): Promise<unknown> {
    const position = Int32Array.of(this.#position++);
    const slot = Int32Array.of(0);
    this.#runner.step.run(one, {
      token: Int32Array.of(-1),
      slot,
      position,
      generated: Int32Array.of(1),
      segment: Int32Array.of(0, 1, 0, 0, -1, -1),
      outputRow: Int32Array.of(0),
    });
    const setting = new Float32Array(SETTING_COLUMNS);
    setting[SettingColumn.repetitionPenalty] = 1;
    const choice = new Int32Array(CHOICE_COLUMNS);
    choice[ChoiceColumn.maskRow] = -1;
    this.#sample.run(sampling, { slot, position, setting, choice });
    this.#logprobs.run(sampling, {});
    const outputs = { ...this.#sample.outputs, ...this.#logprobs.outputs };
    return Promise.all(Object.entries(reads).map(([name, count]) => outputs[name]!.read(0, 4 * count)));
  }

  dispose(): void {
    this.#logprobs[Symbol.dispose]();
    this.#sample[Symbol.dispose]();
    this.#runner.dispose();
  }
}
