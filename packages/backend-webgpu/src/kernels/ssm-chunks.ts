import type { Extents, SsmScan } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Binding, type Launch, read, step, vectors, write } from "../launch.ts";
import chunkScalars from "./chunk-scalars.wgsl";
import chunkVectors from "./chunk-vectors.wgsl";
import chunksSource from "./chunks.wgsl";
import { recurrentParts } from "./recurrent-parts.ts";
import softplus from "./softplus.wgsl";
import productsSource from "./ssm-chunk-products.wgsl";
import ssmChunksSource from "./ssm-chunks.wgsl";

/** From so many rows on a segment is cut into chunks; of chunks that are half full they pay. */
export const SHORTEST_CHUNKED = 16;

/** Of chunks.wgsl and ssm-chunks.wgsl. */
const CHUNK_ROWS = 32;
const CHANNELS = 16;

/** What every adapter gives a workgroup. */
const WORKGROUP_BYTES = 16_384;

/** Whether steps may have long segments, and a block of a head's state fits a workgroup's memory. */
export function isChunked({ stateSize }: SsmScan, { largest }: CompileContext): boolean {
  const state = 4 * CHANNELS * 4 * Math.ceil(stateSize / 4);
  const rows = 4 * CHUNK_ROWS * (CHANNELS + 3);
  return largest.longestSegment >= SHORTEST_CHUNKED && state + rows <= WORKGROUP_BYTES;
}

/** One workgroup for each chunk and group, then one for every sixteen channels of a head in a segment. */
export function chunkedScan(op: SsmScan, at: CompileContext, timeStep: Launch["constants"]): Launch[] {
  const { heads, headDim, stateSize, groups } = op;
  // Where each segment ends with a chunk that is not full, and has a mark after another.
  const longSegments = Math.min(at.largest.segments, Math.floor(at.largest.rows / SHORTEST_CHUNKED));
  const chunks = Math.floor(at.largest.rows / CHUNK_ROWS) + 2 * longSegments;
  const stepsAt = chunks * groups * CHUNK_ROWS ** 2;
  const bytes = 4 * (stepsAt + chunks * heads * 2 * CHUNK_ROWS);
  const shared = (access: "read" | "write"): Binding => ({ kind: "workspace", bytes, access });
  const isWhole = at.isAligned(op.b) && at.isAligned(op.c) && stateSize % 4 === 0;
  const sources = [chunksSource, isWhole ? chunkVectors : chunkScalars];
  const constants = {
    SEGMENT: at.feed(op.segment),
    SHORTEST: SHORTEST_CHUNKED,
    STATE_SIZE: stateSize,
    HEADS: heads,
    GROUPS: groups,
    STEPS_AT: stepsAt,
    ...at.view("B", op.b),
    ...at.view("C", op.c),
  };
  const bindings = [read(op.b), read(op.c)];
  const recurrent = recurrentParts(op, at);
  const isLong = ({ longestSegment }: Extents): boolean => longestSegment >= SHORTEST_CHUNKED;
  return [
    {
      source: [...sources, softplus, productsSource].join("\n"),
      entryPoint: "ssm_chunk_products",
      constants: { ...constants, ...timeStep, ...at.view("DT", op.dt) },
      bindings: [step, ...bindings, read(op.dt), vectors(op.a, op.d, op.dtBias), shared("write")],
      workgroups: (extents) =>
        isLong(extents)
          ? [Math.ceil(extents.longestSegment / CHUNK_ROWS) + 1, groups, extents.segments]
          : [0],
    },
    {
      source: [
        `const STATE_VECTORS: u32 = ${Math.ceil(stateSize / 4)};`,
        ...sources,
        recurrent.source,
        ssmChunksSource,
      ].join("\n"),
      entryPoint: "ssm_chunks",
      constants: { ...constants, HEAD_DIM: headDim, ...at.view("X", op.x), ...at.view("Y", op.output) },
      bindings: [
        step,
        ...bindings,
        read(op.x),
        vectors(op.a, op.d, op.dtBias),
        shared("read"),
        write(op.output),
        ...recurrent.bindings,
      ],
      workgroups: (extents) =>
        isLong(extents) ? [Math.ceil(headDim / CHANNELS), heads, extents.segments] : [0],
    },
  ];
}
