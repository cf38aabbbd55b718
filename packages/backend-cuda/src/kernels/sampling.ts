import {
  type AdjustLogits,
  type DrawToken,
  type LogSumExp,
  type TokenLogit,
  type TopK,
  UnsupportedOpError,
} from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { i32, type Launch, pointer, state, workspace } from "../launch.ts";
import { adjustLogitsPtx } from "../ptx/adjust-logits.ts";
import { drawTokenPtx } from "../ptx/draw-token.ts";
import { logProbabilityPtx } from "../ptx/log-probability.ts";
import { topKPtx } from "../ptx/top-k.ts";

/** What `topK` collects in shared memory. */
const LARGEST_TOP_K = 1024;

/** Blocks that search, and the sums that each keeps: `COLUMN_WORDS` in `kernels/crossing.cuh`. */
const SEARCH_THREADS = 512;
const COLUMN_BYTES = 8 * 16 * SEARCH_THREADS;

/** Tokens of a row that one block looks at: `PART_TOKENS` in `kernels/draw-token.cu`. */
const PART_TOKENS = 4096;

/** Every token of a row, then the biases of each. */
export function adjustLogits(op: AdjustLogits, at: CompileContext): Launch[] {
  const vocabulary = op.output.columns;
  const biases = at.feedColumns(op.biasToken);
  const output = [pointer(op.output), at.stride(op.output)];
  return [
    {
      module: adjustLogitsPtx,
      kernel: "penalize_and_mask",
      threads: 256,
      args: [
        at.extent("outputRows"),
        state(op.logits),
        state(op.count),
        at.feed(op.slot),
        at.feed(op.setting),
        at.feed(op.choice),
        at.feed(op.mask),
        ...output,
        i32(vocabulary),
      ],
      grid: ({ outputRows }) => [Math.ceil(vocabulary / 256), outputRows],
    },
    {
      module: adjustLogitsPtx,
      kernel: "add_biases",
      threads: 64,
      args: [
        at.extent("outputRows"),
        at.feed(op.slot),
        at.feed(op.biasToken),
        at.feed(op.biasValue),
        ...output,
        i32(biases),
      ],
      grid: ({ outputRows }) => [Math.ceil(biases / 64), outputRows],
    },
  ];
}

/** Parts of rows find the largest logit and weigh all tokens, then a block for each row draws. */
export function drawToken(op: DrawToken, at: CompileContext): Launch[] {
  const vocabulary = op.logits.columns;
  const parts = Math.ceil(vocabulary / PART_TOKENS);
  const rows = at.largest.outputRows;
  const largest = workspace("largest logits", 8 * parts * rows);
  const mass = workspace("masses of tokens", 8 * vocabulary * rows);
  const order = workspace("tokens in order", 4 * vocabulary * rows);
  const logits = [at.extent("outputRows"), pointer(op.logits), at.stride(op.logits)];
  return [
    {
      module: drawTokenPtx,
      kernel: "find_largest",
      threads: 256,
      args: [...logits, largest, i32(vocabulary)],
      grid: ({ outputRows }) => [parts, outputRows],
    },
    {
      module: drawTokenPtx,
      kernel: "weigh_tokens",
      threads: 256,
      args: [...logits, at.feed(op.slot), at.feed(op.setting), largest, mass, i32(vocabulary)],
      grid: ({ outputRows }) => [parts, outputRows],
    },
    {
      module: drawTokenPtx,
      kernel: "draw_token",
      threads: SEARCH_THREADS,
      sharedBytes: COLUMN_BYTES,
      args: [
        ...logits,
        at.feed(op.slot),
        at.feed(op.position),
        at.feed(op.setting),
        at.feed(op.choice),
        largest,
        i32(parts),
        mass,
        order,
        state(op.lastToken),
        pointer(op.output),
        at.stride(op.output),
        i32(vocabulary),
      ],
      grid: ({ outputRows }) => [outputRows],
    },
  ];
}

/** One block for each output row, here and below. */
export function logSumExp(op: LogSumExp, at: CompileContext): Launch[] {
  return [
    {
      module: logProbabilityPtx,
      kernel: "log_sum_exp",
      threads: 512,
      args: [
        at.extent("outputRows"),
        state(op.logits),
        pointer(op.output),
        at.stride(op.output),
        i32(at.stateSize(op.logits)),
      ],
      grid: ({ outputRows }) => [outputRows],
    },
  ];
}

/** @throws {UnsupportedOpError} past {@link LARGEST_TOP_K} */
export function topK(op: TopK, at: CompileContext): Launch[] {
  const count = op.outputIds.columns;
  if (count > LARGEST_TOP_K) {
    throw new UnsupportedOpError({
      op: "topK",
      backend: "cuda",
      formats: [`a count of ${count}`],
      supported: [`counts up to ${LARGEST_TOP_K}`],
    });
  }
  return [
    {
      module: topKPtx,
      kernel: "top_k",
      threads: SEARCH_THREADS,
      sharedBytes: COLUMN_BYTES,
      args: [
        at.extent("outputRows"),
        state(op.logits),
        pointer(op.outputIds),
        at.stride(op.outputIds),
        pointer(op.outputLogits),
        at.stride(op.outputLogits),
        i32(at.stateSize(op.logits)),
        i32(count),
      ],
      grid: ({ outputRows }) => [outputRows],
    },
  ];
}

export function tokenLogit(op: TokenLogit, at: CompileContext): Launch[] {
  return [
    {
      module: logProbabilityPtx,
      kernel: "token_logit",
      threads: 64,
      args: [
        at.extent("outputRows"),
        state(op.logits),
        pointer(op.token),
        at.stride(op.token),
        pointer(op.output),
        at.stride(op.output),
        i32(at.stateSize(op.logits)),
      ],
      grid: ({ outputRows }) => [Math.ceil(outputRows / 64)],
    },
  ];
}
