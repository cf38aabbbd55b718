import {
  accessOf,
  type Extent,
  type FeedRef,
  type Op,
  type Program,
  SEGMENT_COLUMNS,
  SegmentColumn,
} from "@krait/tensor";
import type { Numbers, StepInputs, StepResult } from "./step.ts";

/** How far one value or state of a step is from what it should be. */
export interface StepDifference {
  /** Index of the op that wrote it. */
  readonly index: number;
  readonly op: Op["op"];
  /** Of the value or state. */
  readonly name: string;
  /** As {@link differenceOf} measures it. */
  readonly error: number;
}

/**
 * Measures every value and state of a step, in the order of the ops that write them. Rows of padding
 * hold nothing that anyone may rely on, and are left out.
 */
export function stepDifferences(
  program: Program,
  inputs: StepInputs,
  want: StepResult,
  got: StepResult,
): StepDifference[] {
  const padding = paddingRows(program, inputs);
  const differences: StepDifference[] = [];
  const measured = new Set<string>();
  for (const [index, op] of program.ops.entries()) {
    const { writes, states } = accessOf(op);
    for (const { value } of writes) {
      const { name, rows, columns } = program.values[value]!;
      const ignored = (element: number): boolean => padding[rows].has(Math.floor(element / columns));
      const error = differenceOf(want.values[name]!, got.values[name]!, ignored);
      differences.push({ index, op: op.op, name, error });
    }
    for (const { state, access } of states) {
      // Several ops may refer to a state; the first that may write it answers for it.
      if (access === "read" || measured.has(state)) continue;
      measured.add(state);
      const error = differenceOf(want.states[state]!, got.states[state]!);
      differences.push({ index, op: op.op, name: state, error });
    }
  }
  return differences;
}

/** Below this mean square, errors count as they are and not in proportion. */
const FLOOR = 1e-6;

/**
 * The mean squared error, divided by the mean square of what is wanted or {@link FLOOR}. Integers,
 * infinities and NaN must be the same, else the error is infinite.
 */
export function differenceOf(
  want: Numbers,
  got: Numbers,
  ignored: (element: number) => boolean = () => false,
): number {
  if (want.length !== got.length) return Infinity;
  let squaredError = 0;
  let square = 0;
  let count = 0;
  for (let i = 0; i < want.length; i++) {
    if (ignored(i)) continue;
    const wanted = want[i]!;
    const difference = got[i]! - wanted;
    if (Object.is(got[i], wanted)) {
      if (!Number.isFinite(wanted)) continue;
    } else if (want instanceof Int32Array || !Number.isFinite(difference)) return Infinity;
    squaredError += difference * difference;
    square += wanted * wanted;
    count++;
  }
  return count === 0 ? 0 : squaredError / Math.max(square, FLOOR * count);
}

/** The rows that belong to no sequence, by what the feeds say to the ops that read them. */
function paddingRows(program: Program, { feeds, extents }: StepInputs): Record<Extent, ReadonlySet<number>> {
  const padding = { rows: new Set<number>(), segments: new Set<number>(), outputRows: new Set<number>() };
  const addMissing = ({ feed }: FeedRef): void => {
    const [extent] = program.feeds[feed]!.shape;
    if (typeof extent !== "string") return;
    const values = feeds[feed] as Int32Array;
    for (let row = 0; row < extents[extent]; row++) if (values[row] === -1) padding[extent].add(row);
  };
  for (const op of program.ops) {
    if ("slot" in op) addMissing(op.slot);
    if (op.op === "gatherRows") addMissing(op.row);
    if ("segment" in op) {
      const inSegments = segmentRows(feeds[op.segment.feed] as Int32Array, extents.segments);
      for (let row = 0; row < extents.rows; row++) if (!inSegments.has(row)) padding.rows.add(row);
    }
  }
  return padding;
}

function segmentRows(segment: Int32Array, segments: number): Set<number> {
  const rows = new Set<number>();
  for (let i = 0; i < segments; i++) {
    const at = (column: number): number => segment[i * SEGMENT_COLUMNS + column]!;
    if (at(SegmentColumn.writeSlot) === -1) continue;
    for (let n = 0; n < at(SegmentColumn.rowCount); n++) rows.add(at(SegmentColumn.startRow) + n);
  }
  return rows;
}
