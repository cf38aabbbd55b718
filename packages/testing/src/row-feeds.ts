import { type Extents, SEGMENT_COLUMNS } from "@krait/tensor";

/** The next tokens of one sequence in a step. */
export interface SequenceRows {
  /** Holds the sequence's state after the step. */
  readonly slot: number;
  /** Holds the state that the tokens continue; `slot` unless given. */
  readonly readSlot?: number;
  readonly tokens: readonly number[];
  /** Leaves the state after so many of the tokens in another slot. */
  readonly mark?: { readonly after: number; readonly slot: number };
}

/** The feeds of `forward` for the rows of some sequences, all of whose logits are wanted. */
export interface RowFeeds {
  readonly extents: Extents;
  readonly feeds: Readonly<Record<string, Int32Array>>;
}

/**
 * Lays the rows of sequences one after the other.
 *
 * @param lengths - tokens that each slot has seen before.
 * @param padding - rows of padding before the first, between and after the last sequence.
 */
export function layRows(
  sequences: readonly SequenceRows[],
  lengths: readonly number[],
  padding: number,
): RowFeeds {
  const token: number[] = [];
  const slots: number[] = [];
  const position: number[] = [];
  const segment: number[] = [];
  const outputRow: number[] = [];
  let context = 0;
  const addRow = (id: number, slot: number, at: number): void => {
    token.push(id);
    slots.push(slot);
    position.push(at);
  };
  const pad = (): void => {
    for (let i = 0; i < padding; i++) addRow(0, -1, 0);
  };
  for (const { slot, readSlot = slot, tokens, mark } of sequences) {
    pad();
    const first = slots.length;
    const start = lengths[readSlot]!;
    for (const [index, id] of tokens.entries()) {
      outputRow.push(slots.length);
      addRow(id, slot, start + index);
    }
    const marks = mark ? [first + mark.after - 1, mark.slot] : [-1, -1];
    segment.push(first, tokens.length, readSlot, slot, ...marks);
    context = Math.max(context, start + tokens.length);
  }
  pad();
  const generated = slots.map(() => 0);
  const columns = Object.entries({ token, slot: slots, position, generated, segment, outputRow });
  return {
    extents: {
      rows: slots.length,
      segments: segment.length / SEGMENT_COLUMNS,
      longestSegment: Math.max(...sequences.map(({ tokens }) => tokens.length)),
      context,
      outputRows: outputRow.length,
    },
    feeds: Object.fromEntries(columns.map(([name, values]) => [name, Int32Array.from(values)])),
  };
}
