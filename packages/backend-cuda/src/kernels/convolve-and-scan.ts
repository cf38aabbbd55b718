import type { Mixer } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { i32, type Launch, pointer, state } from "../launch.ts";
import { convolveAndScanPtx } from "../ptx/convolve-and-scan.ts";
import { activationNumber } from "./activation.ts";
import { tapsOf } from "./causal-conv.ts";
import { recurrenceOf } from "./recurrence.ts";

/** Of convolve-and-scan.cu. */
const CHANNELS = 40;

/** What convolution and scan are where no segment has more than a row. The window is left to the norm. */
export function convolveAndScan({ conv, scan }: Mixer, at: CompileContext): Launch {
  const { heads, headDim, stateSize } = scan;
  return {
    module: convolveAndScanPtx,
    kernel: `convolve_and_scan_${stateSize <= 128 ? 4 : 8}`,
    threads: 256,
    args: [
      at.extent("segments"),
      at.feed(scan.segment),
      pointer(conv.input),
      at.stride(conv.input),
      ...tapsOf(conv),
      state(conv.window),
      i32(conv.input.columns),
      i32(conv.kernelSize),
      i32(activationNumber(conv.activation)),
      ...[scan.x, scan.b, scan.c].map(({ offset }) => i32(offset)),
      ...recurrenceOf(scan, at),
    ],
    grid: ({ segments, longestSegment }) =>
      longestSegment === 1 ? [Math.ceil(headDim / CHANNELS), heads, segments] : [0],
  };
}
