import { createCpuBackend } from "@krait/backend-cpu";
import type { Model } from "@krait/models";
import { type Backend, CHOICE_COLUMNS, ChoiceColumn, SEGMENT_COLUMNS, type StateSpec } from "@krait/tensor";
import type { Tokenizer } from "@krait/tokenizer";
import { LAST_TOKEN } from "../src/step-feeds.ts";
import { type MemoryBuffer, memoryBackend, memoryBuffer, memoryStep } from "./memory-backend.ts";

/** What the scripted model samples next, given the tokens of the sequence so far. */
export type Script = (tokens: readonly number[]) => number;

/** The rows of a step: for each sequence its slot and its tokens. */
export interface SeenStep {
  readonly parts: readonly { readonly slot: number; readonly tokens: readonly number[] }[];
}

export interface ScriptedSizes {
  readonly slots?: number;
  readonly pages?: number;
  readonly maxContext?: number;
  readonly rows?: number;
  readonly outputRows?: number;
  readonly snapshots?: number;
  readonly vocabularySize?: number;
  /** Reads come later than a step is enqueued, as on a device. */
  readonly asDevice?: boolean;
  /** Called before each step is run; may throw. */
  readonly beforeStep?: (step: SeenStep) => void;
}

export interface ScriptedModel {
  readonly model: Model;
  readonly backend: Backend;
  /** Every step so far, as it was fed, with the tokens that stood for the last ones. */
  readonly steps: SeenStep[];
  /** Every token read so far. */
  readonly read: number[];
}

/**
 * A model whose next token a script gives, on a backend that is memory and nothing more. The history that the
 * script looks at is a state of the slot, so that whoever forks, keeps or restores wrongly changes the answer.
 */
export async function scriptedModel(script: Script, sizes: ScriptedSizes = {}): Promise<ScriptedModel> {
  const { slots = 4, pages = 80, maxContext = 2048, rows = 64, outputRows = Math.max(8, slots) } = sizes;
  const { snapshots = 4, vocabularySize = 2048, asDevice = false } = sizes;
  const history = maxContext + 1;
  const states: Record<string, StateSpec> = {
    lastToken: { per: "slot", count: slots, shape: [1], dtype: "i32" },
    history: { per: "slot", count: slots, shape: [history], dtype: "i32" },
    pageTable: { per: "slot", count: slots, shape: [Math.ceil(maxContext / 32)], dtype: "i32" },
    keys: { per: "page", count: pages, shape: [1, 1], dtype: "f32" },
  };
  const backend = memoryBackend(await createCpuBackend(), asDevice);
  const steps: SeenStep[] = [];
  const read: number[] = [];
  /** The tokens after each output row of the last step. */
  let outputs: number[][] = [];

  const forward = (buffers: Record<string, MemoryBuffer>) =>
    memoryStep(
      ({ segments }, feeds) => {
        const { token, segment, outputRow } = feeds as Record<string, Int32Array>;
        const wanted = new Set(outputRow);
        const after: number[][] = [];
        const parts = Array.from({ length: segments }, (_, index) => {
          const [start = 0, count = 0, slot = -1] = segment!.subarray(index * SEGMENT_COLUMNS);
          const last = buffers.lastToken!.words;
          const tokens = [...token!.subarray(start, start + count)].map((id) =>
            id === LAST_TOKEN ? last[slot]! : id,
          );
          return { slot, start, tokens };
        }).filter(({ tokens }) => tokens.length > 0);
        sizes.beforeStep?.({ parts });
        steps.push({ parts });
        for (const { slot, start, tokens } of parts) {
          const words = buffers.history!.words.subarray(slot * history, (slot + 1) * history);
          for (const [index, id] of tokens.entries()) {
            read.push(id);
            words[++words[0]!] = id;
            if (wanted.has(start + index)) after[start + index] = [...words.subarray(1, words[0]! + 1)];
          }
        }
        outputs = [...outputRow!].map((row) => after[row] ?? []);
      },
      { logits: memoryBuffer(4 * outputRows * vocabularySize, asDevice) },
    );

  const sampled = {
    token: memoryBuffer(4 * outputRows, asDevice),
    tokenLogit: memoryBuffer(4 * outputRows, asDevice),
  };
  const logprobs = {
    logSumExp: memoryBuffer(4 * outputRows, asDevice),
    topIds: memoryBuffer(4 * outputRows, asDevice),
    topLogits: memoryBuffer(4 * outputRows, asDevice),
  };
  const sample = (buffers: Record<string, MemoryBuffer>) =>
    memoryStep((_, feeds) => {
      const { slot, choice } = feeds as Record<string, Int32Array>;
      for (const [row, at] of slot!.entries()) {
        if (at < 0) continue;
        const maskRow = choice![row * CHOICE_COLUMNS + ChoiceColumn.maskRow]!;
        const words = Math.ceil(vocabularySize / 32);
        const mask = (feeds.mask as Uint32Array | undefined)?.subarray(
          maskRow * words,
          (maskRow + 1) * words,
        );
        const token = permitted(script(outputs[row]!), maskRow < 0 ? undefined : mask);
        sampled.token.words[row] = token;
        if (token >= 0) buffers.lastToken!.words[at] = token;
      }
    }, sampled);

  const executable = (bind: (buffers: Record<string, MemoryBuffer>) => ReturnType<typeof memoryStep>) => ({
    bind: ({ states }: { states: object }) => bind(states as Record<string, MemoryBuffer>),
    [Symbol.dispose]() {},
  });
  const feeds = { token: 0, slot: 0, position: 0, generated: 0, segment: 0, outputRow: 0 };
  const sampleFeeds = { slot: 0, position: 0, setting: 0, choice: 0, biasToken: 0, biasValue: 0, mask: 0 };
  const model = {
    fingerprint: "scripted",
    architecture: { vocabularySize },
    programs: { forward: { states, feeds }, sample: { states: {}, feeds: sampleFeeds } },
    forward: executable(forward),
    sample: executable(sample),
    logprobs: executable(() => memoryStep(() => {}, logprobs)),
    weights: {},
    sizes: { maxContext, maxSlots: slots, maxOutputRows: outputRows, maxBiases: 4, topCount: 1 },
    largest: { rows, segments: slots, longestSegment: rows, context: maxContext, outputRows },
    memory: { cacheBytes: snapshots * 4 * (1 + history) },
    [Symbol.dispose]() {},
  } as unknown as Model;
  return { model, backend, steps, read };
}

/** The token, or the first that the mask allows. */
function permitted(token: number, mask: Uint32Array | undefined): number {
  const allows = (id: number): boolean => ((mask![id >> 5]! >>> (id & 31)) & 1) === 1;
  if (mask === undefined || allows(token)) return token;
  for (let id = 0; id < mask.length * 32; id++) if (allows(id)) return id;
  return -1;
}

/** Samples a text token by token, then the end token for ever. */
export function scriptOf(tokenizer: Tokenizer, text: string, promptLength: number, endToken: number): Script {
  const ids = tokenizer.encode(text);
  return (tokens) => ids[tokens.length - promptLength] ?? endToken;
}
