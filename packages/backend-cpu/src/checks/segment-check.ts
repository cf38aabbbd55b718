import type { FeedRef } from "@krait/tensor";
import type { Bindings } from "../bindings.ts";
import { readSegments } from "../segment.ts";
import type { FeedCheck, Refuse } from "./feed-checks.ts";

/**
 * Segments lie inside the step without sharing rows, and no slot is written twice, or written by one
 * segment and read by another: backends may run segments at the same time.
 */
export function segmentCheck({ feed }: FeedRef, slots: number, at: Bindings, refuse: Refuse): FeedCheck {
  const values = at.intFeed({ feed });
  return ({ rows, segments, longestSegment }) => {
    const found = readSegments(values, segments);
    const rowOwner = new Int32Array(rows).fill(-1);
    const writer = new Map<number, number>();
    for (const { index, startRow, rowCount, readSlot, writeSlot, markRow, markSlot } of found) {
      const name = `feed "${feed}", segment ${index}`;
      if (startRow < 0 || rowCount < 0 || startRow + rowCount > rows) {
        refuse(`${name} has ${rowCount} rows from ${startRow} on, expected rows 0 to ${rows - 1}`);
      }
      if (rowCount > longestSegment) {
        refuse(`${name} has ${rowCount} rows, but the extent "longestSegment" is ${longestSegment}`);
      }
      for (let row = startRow; row < startRow + rowCount; row++) {
        if (rowOwner[row] !== -1) refuse(`${name} has row ${row}, as segment ${rowOwner[row]} has`);
        rowOwner[row] = index;
      }
      const isMarked = markRow !== -1 || markSlot !== -1;
      if (isMarked && (markRow < startRow || markRow >= startRow + rowCount)) {
        refuse(`${name} has mark row ${markRow}, expected one of its own rows, or -1 with mark slot -1`);
      }
      const written = isMarked ? [writeSlot, markSlot] : [writeSlot];
      for (const slot of [readSlot, ...written]) {
        if (slot < 0 || slot >= slots) refuse(`${name} has slot ${slot}, expected 0 to ${slots - 1}`);
      }
      for (const slot of written) {
        if (writer.has(slot)) refuse(`${name} writes slot ${slot}, as segment ${writer.get(slot)} does`);
        writer.set(slot, index);
      }
    }
    for (const { index, readSlot } of found) {
      const other = writer.get(readSlot);
      if (other !== undefined && other !== index) {
        refuse(`feed "${feed}", segment ${index} reads slot ${readSlot}, which segment ${other} writes`);
      }
    }
  };
}
