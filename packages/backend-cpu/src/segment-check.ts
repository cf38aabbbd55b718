import type { Extents } from "@krait/tensor";
import { readSegments } from "./segment.ts";

/**
 * Segments lie inside the step without sharing rows, and no slot is written twice, or written by one
 * segment and read by another, since backends may run segments at the same time.
 *
 * @param refuse - throws; gets the segment and what is wrong with it.
 */
export function checkSegments(
  feed: Int32Array,
  { rows, segments, longestSegment }: Extents,
  slots: number,
  refuse: (message: string) => never,
): void {
  const readers = new Map<number, number>();
  const writers = new Map<number, number>();
  const rowOwner = new Int32Array(rows).fill(-1);
  for (const [index, segment] of readSegments(feed, segments).entries()) {
    const { startRow, rowCount, readSlot, writeSlot, markRow, markSlot } = segment;
    const name = `segment ${index}`;
    if (startRow < 0 || rowCount < 0 || startRow + rowCount > rows) {
      refuse(`${name} has rows ${startRow} to ${startRow + rowCount}, expected 0 to ${rows}`);
    }
    if (rowCount > longestSegment) {
      refuse(`${name} has ${rowCount} rows, but the extent "longestSegment" is ${longestSegment}`);
    }
    for (let row = startRow; row < startRow + rowCount; row++) {
      if (rowOwner[row] !== -1) refuse(`${name} has row ${row}, which segment ${rowOwner[row]} also has`);
      rowOwner[row] = index;
    }
    const isMarked = markRow !== -1 || markSlot !== -1;
    if (isMarked && (markRow < startRow || markRow >= startRow + rowCount)) {
      refuse(`${name} has mark row ${markRow}, expected −1 or one of its own rows`);
    }
    for (const slot of isMarked ? [readSlot, writeSlot, markSlot] : [readSlot, writeSlot]) {
      if (slot < 0 || slot >= slots) refuse(`${name} has slot ${slot}, expected 0 to ${slots - 1}`);
    }
    for (const slot of isMarked ? [writeSlot, markSlot] : [writeSlot]) {
      if (writers.has(slot)) refuse(`${name} writes slot ${slot}, which segment ${writers.get(slot)} writes`);
      writers.set(slot, index);
    }
    readers.set(index, readSlot);
  }
  for (const [index, slot] of readers) {
    const writer = writers.get(slot);
    if (writer !== undefined && writer !== index) {
      refuse(`segment ${index} reads slot ${slot}, which segment ${writer} writes in the same step`);
    }
  }
}
