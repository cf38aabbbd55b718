import { type Extents, SEGMENT_COLUMNS } from "@krait/tensor";
import type { Sequence } from "./state-pool.ts";

/** Stands in a row for the token that the sequence sampled last. */
export const LAST_TOKEN = -1;

/** The next rows of one sequence in a step. */
export interface Rows {
  readonly sequence: Sequence;
  /** Token ids, or {@link LAST_TOKEN}. */
  readonly tokens: readonly number[];
  /** Whether the tokens were generated, for the penalties of sampling, or stood in the prompt. */
  readonly generated: boolean;
  /** Of how many of the rows, from the last one back, the logits are wanted. */
  readonly outputs: number;
}

/** A step as the Program `forward` takes it. */
export interface StepFeeds {
  readonly extents: Extents;
  readonly feeds: Readonly<Record<string, Int32Array>>;
}

/**
 * Lays the rows of sequences one after the other, and pads them up to the extents given, so that a step
 * of few rows runs the kernels of a step of many.
 *
 * @param starts - positions that each sequence covered before.
 */
export function stepFeeds(
  parts: readonly Rows[],
  starts: readonly number[],
  least: Partial<Extents> = {},
): StepFeeds {
  const rows = sum(parts.map(({ tokens }) => tokens.length));
  const outputs = sum(parts.map((part) => part.outputs));
  const extents: Extents = {
    rows: Math.max(rows, least.rows ?? 0),
    segments: Math.max(parts.length, least.segments ?? 0),
    longestSegment: Math.max(...parts.map(({ tokens }) => tokens.length), least.longestSegment ?? 0),
    context: Math.max(
      ...parts.map(({ tokens }, index) => starts[index]! + tokens.length),
      least.context ?? 0,
    ),
    outputRows: Math.max(outputs, least.outputRows ?? 0),
  };
  const token = new Int32Array(extents.rows);
  const slot = new Int32Array(extents.rows).fill(-1);
  const position = new Int32Array(extents.rows);
  const generated = new Int32Array(extents.rows);
  const segment = new Int32Array(extents.segments * SEGMENT_COLUMNS);
  const outputRow = new Int32Array(extents.outputRows).fill(-1);
  let row = 0;
  let output = 0;
  for (const [index, part] of parts.entries()) {
    const { sequence, tokens } = part;
    writeSegment(segment, index, row, tokens.length, sequence.slot);
    for (let i = 0; i < tokens.length; i++) {
      token[row] = tokens[i]!;
      slot[row] = sequence.slot;
      position[row] = starts[index]! + i;
      generated[row++] = part.generated ? 1 : 0;
    }
    for (let i = part.outputs; i > 0; i--) outputRow[output++] = row - i;
  }
  for (let index = parts.length; index < extents.segments; index++) {
    writeSegment(segment, index, row, 0, -1);
  }
  return { extents, feeds: { token, slot, position, generated, segment, outputRow } };
}

/** Rows that read and write the states of one slot, and leave nothing in another. */
function writeSegment(segment: Int32Array, index: number, start: number, rows: number, slot: number): void {
  const at = index * SEGMENT_COLUMNS;
  segment[at] = start;
  segment[at + 1] = rows;
  segment[at + 2] = slot;
  segment[at + 3] = slot;
  segment[at + 4] = -1;
  segment[at + 5] = -1;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
