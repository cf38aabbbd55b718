import { type Extents, KraitError, mixerOf, type SsmScan } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Argument, i32, type Launch, pointer } from "../launch.ts";
import { ssmChunksPtx } from "../ptx/ssm-chunks.ts";
import { ssmScanPtx } from "../ptx/ssm-scan.ts";
import { convolveAndScan } from "./convolve-and-scan.ts";
import { recurrenceOf } from "./recurrence.ts";

/** The largest i32: no segment is as long. */
const NEVER = 0x7fffffff;

/** From so many rows on a segment is cut into chunks; of chunks that are half full they pay. */
const SHORTEST_CHUNKED = 16;

/** Of ssm-chunks.cu. */
const CHUNK_ROWS = 32;

/** Shared memory of that kernel that is not dynamic. */
const STATIC_SHARED_BYTES = 512;

/** Of ssm-scan.cu. */
const CHANNELS = 8;

/**
 * Short segments row after row, long ones in chunks; in a step of decoding, together with the convolution.
 *
 * @throws {KraitError} `STATE_SIZE_UNSUPPORTED` for more than 256 states a channel.
 */
export function ssmScan(op: SsmScan, at: CompileContext): Launch[] {
  const { heads, headDim, stateSize } = op;
  if (stateSize > 256) {
    throw new KraitError(
      "STATE_SIZE_UNSUPPORTED",
      `A scan on backend "cuda" has up to 256 states a channel, but this Program has ${stateSize}.`,
    );
  }
  const sharedBytes = chunkBytes(op);
  const isChunked =
    at.largest.longestSegment >= SHORTEST_CHUNKED &&
    sharedBytes + STATIC_SHARED_BYTES <= at.device.sharedBytes;
  const mixer = mixerOf(op, at.program);
  const isFused = ({ longestSegment }: Extents): boolean => mixer !== undefined && longestSegment === 1;
  const scan: Launch = {
    module: ssmScanPtx,
    kernel: `ssm_scan_${stateSize <= 128 ? 4 : 8}`,
    threads: 256,
    args: argumentsOf(op, at, isChunked ? SHORTEST_CHUNKED : NEVER),
    grid: (extents) => (isFused(extents) ? [0] : [Math.ceil(headDim / CHANNELS), heads, extents.segments]),
  };
  const short = mixer === undefined ? [scan] : [scan, convolveAndScan(mixer, at)];
  if (!isChunked) return short;
  return [
    ...short,
    {
      module: ssmChunksPtx,
      kernel: "ssm_chunks",
      threads: 256,
      args: argumentsOf(op, at, SHORTEST_CHUNKED),
      sharedBytes,
      grid: ({ segments, longestSegment }) => (longestSegment < SHORTEST_CHUNKED ? [0] : [heads, segments]),
    },
  ];
}

/** B, C, x and G of a chunk, and the state. */
function chunkBytes({ headDim, stateSize }: SsmScan): number {
  const channels = Math.ceil(headDim / 16) * 16;
  const states = Math.ceil(stateSize / 8) * 8 + 4;
  return 4 * (CHUNK_ROWS * (2 * states + channels + 8 + CHUNK_ROWS + 4) + channels * states);
}

function argumentsOf(op: SsmScan, at: CompileContext, limit: number): Argument[] {
  return [
    at.extent("segments"),
    at.feed(op.segment),
    ...[op.x, op.b, op.c].flatMap((operand) => [pointer(operand), at.stride(operand)]),
    ...recurrenceOf(op, at),
    i32(limit),
  ];
}
