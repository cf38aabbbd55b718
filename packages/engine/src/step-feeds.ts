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

/** Lays out the rows of one step after the other; what stays as it was in the step before is kept. */
export class StepRows {
  #parts: readonly Rows[] = [];
  #extents: Extents | undefined;
  #layout: Readonly<Record<string, Int32Array>> = {};

  /**
   * Lays the rows of sequences one after the other, and pads them up to the extents given, so that a step
   * of few rows runs the kernels of a step of many.
   *
   * @param starts - positions that each sequence covered before.
   */
  join(parts: readonly Rows[], starts: readonly number[], least: Partial<Extents> = {}): StepFeeds {
    const extents = extentsOf(parts, starts, least);
    const token = new Int32Array(extents.rows);
    const position = new Int32Array(extents.rows);
    let row = 0;
    for (let index = 0; index < parts.length; index++) {
      const { tokens } = parts[index]!;
      for (let i = 0; i < tokens.length; i++) {
        token[row] = tokens[i]!;
        position[row++] = starts[index]! + i;
      }
    }
    const { rows, segments, outputRows } = extents;
    const before = this.#extents;
    const isKept =
      rows === before?.rows &&
      segments === before.segments &&
      outputRows === before.outputRows &&
      areAlike(parts, this.#parts);
    if (!isKept) this.#layout = layoutOf(parts, extents);
    this.#parts = parts;
    this.#extents = extents;
    return { extents, feeds: { token, position, ...this.#layout } };
  }
}

function extentsOf(parts: readonly Rows[], starts: readonly number[], least: Partial<Extents>): Extents {
  let { rows, outputs, longest, context } = { rows: 0, outputs: 0, longest: 0, context: 0 };
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index]!;
    const { length } = part.tokens;
    rows += length;
    outputs += part.outputs;
    longest = Math.max(longest, length);
    context = Math.max(context, starts[index]! + length);
  }
  return {
    rows: Math.max(rows, least.rows ?? 0),
    segments: Math.max(parts.length, least.segments ?? 0),
    longestSegment: Math.max(longest, least.longestSegment ?? 0),
    context: Math.max(context, least.context ?? 0),
    outputRows: Math.max(outputs, least.outputRows ?? 0),
  };
}

/** Whether steps differ by tokens and positions at most. */
function areAlike(parts: readonly Rows[], others: readonly Rows[]): boolean {
  if (parts.length !== others.length) return false;
  for (let index = 0; index < parts.length; index++) {
    const [part, other] = [parts[index]!, others[index]!];
    if (part.sequence.slot !== other.sequence.slot || part.tokens.length !== other.tokens.length)
      return false;
    if (part.generated !== other.generated || part.outputs !== other.outputs) return false;
  }
  return true;
}

/** Whose rows they are, and whose logits are wanted. */
function layoutOf(
  parts: readonly Rows[],
  { rows, segments, outputRows }: Extents,
): Readonly<Record<string, Int32Array>> {
  const slot = new Int32Array(rows).fill(-1);
  const generated = new Int32Array(rows);
  const segment = new Int32Array(segments * SEGMENT_COLUMNS);
  const outputRow = new Int32Array(outputRows).fill(-1);
  let row = 0;
  let output = 0;
  for (const [index, part] of parts.entries()) {
    const [count, own] = [part.tokens.length, part.sequence.slot];
    segment.set([row, count, own, own, -1, -1], index * SEGMENT_COLUMNS);
    slot.fill(own, row, row + count);
    if (part.generated) generated.fill(1, row, row + count);
    row += count;
    for (let i = part.outputs; i > 0; i--) outputRow[output++] = row - i;
  }
  for (let index = parts.length; index < segments; index++) {
    segment.set([row, 0, -1, -1, -1, -1], index * SEGMENT_COLUMNS);
  }
  return { slot, generated, segment, outputRow };
}
