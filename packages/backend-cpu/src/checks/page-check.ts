import { type OpOf, PAGE_SIZE } from "@krait/tensor";
import type { Bindings } from "../bindings.ts";
import type { FeedCheck, Refuse } from "./feed-checks.ts";

/** Positions lie below `context` and below the page table's end, and every page up to them exists. */
export function pageCheck(op: OpOf<"writeKv" | "attention">, at: Bindings, refuse: Refuse): FeedCheck {
  const slot = at.intFeed(op.slot);
  const position = at.intFeed(op.position);
  const pageTable = at.intState(op.pageTable);
  const maxPages = at.stateSize(op.pageTable);
  const pages = at.stateCount(op.keys);
  /** How many pages of each slot have been looked at in this step. */
  const checked = new Int32Array(at.stateCount(op.pageTable));
  return ({ rows, context }) => {
    checked.fill(0);
    const end = Math.min(context, maxPages * PAGE_SIZE);
    for (let row = 0; row < rows; row++) {
      const s = slot[row]!;
      if (s === -1) continue;
      const p = position[row]!;
      if (p < 0 || p >= end) {
        refuse(`feed "${op.position.feed}" is ${p} at ${row}, expected 0 to ${end - 1}`);
      }
      for (; checked[s]! * PAGE_SIZE <= p; checked[s]!++) {
        const page = pageTable[s * maxPages + checked[s]!]!;
        if (page >= 0 && page < pages) continue;
        refuse(
          `row ${row} of slot ${s} at position ${p} needs page ${checked[s]} of its slot, ` +
            `but "${op.pageTable.state}" has ${page} there, expected 0 to ${pages - 1}`,
        );
      }
    }
  };
}

/** No two rows write the same position of a page. Comes after {@link pageCheck}. */
export function writeCheck(op: OpOf<"writeKv">, at: Bindings, refuse: Refuse): FeedCheck {
  const slot = at.intFeed(op.slot);
  const position = at.intFeed(op.position);
  const pageTable = at.intState(op.pageTable);
  const maxPages = at.stateSize(op.pageTable);
  return ({ rows }) => {
    const writers = new Map<number, number>();
    for (let row = 0; row < rows; row++) {
      if (slot[row] === -1) continue;
      const page = pageTable[slot[row]! * maxPages + Math.floor(position[row]! / PAGE_SIZE)]!;
      const place = page * PAGE_SIZE + (position[row]! % PAGE_SIZE);
      const writer = writers.get(place);
      if (writer !== undefined) {
        refuse(`rows ${writer} and ${row} both write position ${position[row]! % PAGE_SIZE} of page ${page}`);
      }
      writers.set(place, row);
    }
  };
}
