import { type CausalConv, KraitError, mixerOf, UnsupportedOpError } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Argument, i32, type Launch, none, pointer, state, weight } from "../launch.ts";
import { causalConvPtx } from "../ptx/causal-conv.ts";
import { weightLayout } from "../weights/weight-layout.ts";
import { activationNumber } from "./activation.ts";

/** Of causal-conv.cu. */
const ROWS = 16;
const MOST_TAPS = 8;
const THREADS = 128;

/**
 * Rows first, then the windows that they leave; neither in a step of decoding whose scan convolves.
 *
 * @throws {UnsupportedOpError} for a weight that is not f32; it is small, and loaders widen it.
 * @throws {KraitError} `KERNEL_SIZE_UNSUPPORTED` for more than eight taps.
 */
export function causalConv(op: CausalConv, at: CompileContext): Launch[] {
  const channels = op.input.columns;
  const { format } = at.weight(op.weight);
  if (format !== "f32") {
    throw new UnsupportedOpError({ op: op.op, backend: "cuda", formats: [format], supported: ["f32"] });
  }
  if (op.kernelSize > MOST_TAPS) {
    throw new KraitError(
      "KERNEL_SIZE_UNSUPPORTED",
      `A convolution on backend "cuda" has up to ${MOST_TAPS} taps, but this Program has ${op.kernelSize}.`,
    );
  }
  const segments = [at.extent("segments"), at.feed(op.segment)];
  const blocks = Math.ceil(channels / THREADS);
  const isFused = mixerOf(op, at.program) !== undefined;
  return [
    {
      module: causalConvPtx,
      kernel: "causal_conv",
      threads: THREADS,
      args: [
        ...segments,
        pointer(op.input),
        at.stride(op.input),
        ...tapsOf(op),
        state(op.window),
        pointer(op.output),
        at.stride(op.output),
        i32(channels),
        i32(op.kernelSize),
        i32(activationNumber(op.activation)),
      ],
      grid: ({ segments, longestSegment }) =>
        isFused && longestSegment === 1 ? [0] : [blocks, Math.ceil(longestSegment / ROWS), segments],
    },
    {
      module: causalConvPtx,
      kernel: "causal_conv_window",
      threads: THREADS,
      args: [
        ...segments,
        pointer(op.input),
        at.stride(op.input),
        state(op.window),
        i32(channels),
        i32(op.kernelSize),
      ],
      grid: ({ segments, longestSegment }) => (isFused && longestSegment === 1 ? [0] : [blocks, segments]),
    },
  ];
}

/** Taps, from channel to channel of them, and the bias. */
export function tapsOf({ weight: taps, kernelSize, bias }: CausalConv): Argument[] {
  return [weight(taps), i32(weightLayout("f32", kernelSize).rowBytes / 4), bias ? weight(bias) : none];
}
