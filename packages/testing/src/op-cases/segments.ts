import { type FeedRef, SEGMENT_COLUMNS, SegmentColumn } from "@krait/tensor";
import type { CaseBuilder } from "./op-case.ts";

/** One segment; it reads the slot that it writes, and marks nothing, unless told. */
export interface SegmentRow {
  readonly start: number;
  readonly count: number;
  readonly slot: number;
  readonly readSlot?: number;
  readonly mark?: { readonly row: number; readonly slot: number };
}

/** Slots that the states of recurrent cases have. */
export const SLOTS = 5;

export function segmentFeed(c: CaseBuilder, segments: readonly SegmentRow[]): FeedRef {
  const feed = new Int32Array(segments.length * SEGMENT_COLUMNS);
  for (const [index, { start, count, slot, readSlot = slot, mark }] of segments.entries()) {
    const row = feed.subarray(index * SEGMENT_COLUMNS);
    row[SegmentColumn.startRow] = start;
    row[SegmentColumn.rowCount] = count;
    row[SegmentColumn.readSlot] = readSlot;
    row[SegmentColumn.writeSlot] = slot;
    row[SegmentColumn.markRow] = mark?.row ?? -1;
    row[SegmentColumn.markSlot] = mark?.slot ?? -1;
  }
  return c.feed(["segments", SEGMENT_COLUMNS], feed);
}

/**
 * The shapes of a step that recurrent ops meet: each is a list of segments with the rows of the step.
 *
 * Padding stands before, between and after segments where rows are left over.
 */
export const segmentLayouts: readonly {
  readonly name: string;
  readonly rows: number;
  readonly segments: readonly SegmentRow[];
}[] = [
  { name: "one decode row", rows: 1, segments: [{ start: 0, count: 1, slot: 2 }] },
  { name: "one prompt", rows: 37, segments: [{ start: 0, count: 37, slot: 1 }] },
  {
    name: "decode rows of three slots, out of order",
    rows: 3,
    segments: [
      { start: 0, count: 1, slot: 4 },
      { start: 1, count: 1, slot: 0 },
      { start: 2, count: 1, slot: 3 },
    ],
  },
  {
    name: "prompts and decode rows with padding around them",
    rows: 30,
    segments: [
      { start: 1, count: 2, slot: 3 },
      { start: 5, count: 17, slot: 0 },
      { start: 23, count: 1, slot: 4 },
    ],
  },
  {
    name: "a fork: one slot read, another written",
    rows: 9,
    segments: [{ start: 0, count: 9, slot: 2, readSlot: 4 }],
  },
  {
    name: "marks after the first, a middle and the last row",
    rows: 40,
    segments: [
      { start: 0, count: 20, slot: 0, readSlot: 0, mark: { row: 10, slot: 1 } },
      { start: 20, count: 20, slot: 2, readSlot: 4, mark: { row: 39, slot: 3 } },
    ],
  },
  {
    name: "a mark after the only row",
    rows: 1,
    segments: [{ start: 0, count: 1, slot: 3, mark: { row: 0, slot: 0 } }],
  },
];
