import { SEGMENT_COLUMNS, SegmentColumn } from "@krait/tensor";

/** A run of consecutive rows of one sequence, as `SegmentColumn` describes it. */
export interface Segment {
  /** Row of the feed. */
  readonly index: number;
  readonly startRow: number;
  readonly rowCount: number;
  readonly readSlot: number;
  readonly writeSlot: number;
  readonly markRow: number;
  readonly markSlot: number;
}

/** The first `count` segments of the feed, padding (a write slot of −1) left out. */
export function readSegments(feed: Int32Array, count: number): Segment[] {
  const segments: Segment[] = [];
  for (let index = 0; index < count; index++) {
    const at = (column: number) => feed[index * SEGMENT_COLUMNS + column]!;
    if (at(SegmentColumn.writeSlot) === -1) continue;
    segments.push({
      index,
      startRow: at(SegmentColumn.startRow),
      rowCount: at(SegmentColumn.rowCount),
      readSlot: at(SegmentColumn.readSlot),
      writeSlot: at(SegmentColumn.writeSlot),
      markRow: at(SegmentColumn.markRow),
      markSlot: at(SegmentColumn.markSlot),
    });
  }
  return segments;
}

/**
 * Takes a state along the rows of each segment: from the read slot into the write slot, there through
 * `advance` row after row, and after the mark row also into the mark slot. A segment without rows
 * copies a slot.
 *
 * @param slotSize - elements of one slot of `state`.
 * @param advance - brings the slot that starts at `slot` in `state` from before `row` to after it.
 */
export function alongSegments(
  segments: readonly Segment[],
  state: Float32Array | Int32Array,
  slotSize: number,
  advance: (row: number, slot: number) => void,
): void {
  for (const { startRow, rowCount, readSlot, writeSlot, markRow, markSlot } of segments) {
    const slot = writeSlot * slotSize;
    if (readSlot !== writeSlot) state.copyWithin(slot, readSlot * slotSize, (readSlot + 1) * slotSize);
    for (let row = startRow; row < startRow + rowCount; row++) {
      advance(row, slot);
      if (row === markRow) state.copyWithin(markSlot * slotSize, slot, slot + slotSize);
    }
  }
}
