import type { Random } from "./random.ts";

/** How several sequences share steps until each has run to its end. */
export interface Schedule {
  readonly steps: readonly {
    readonly parts: readonly { readonly sequence: number; readonly start: number; readonly end: number }[];
    /** Rows of padding between sequences. */
    readonly padding: number;
  }[];
  /** Where the schedule cuts each sequence. */
  readonly cuts: readonly (readonly number[])[];
}

/** Prefill chunks and decode rows of sequences of these lengths, mixed at random, in a new order in each step. */
export function randomSchedule(random: Random, lengths: readonly number[]): Schedule {
  const done = lengths.map(() => 0);
  const cuts: number[][] = lengths.map(() => []);
  const steps: Schedule["steps"][number][] = [];
  for (;;) {
    const waiting = lengths.flatMap((length, sequence) => (done[sequence]! < length ? [sequence] : []));
    if (waiting.length === 0) return { steps, cuts };
    const taken = random.shuffle(waiting).slice(0, random.integer(1, waiting.length + 1));
    const parts = taken.map((sequence) => {
      const start = done[sequence]!;
      const rows = random.next() < 0.4 ? 1 : random.integer(2, 14);
      const end = Math.min(start + rows, lengths[sequence]!);
      done[sequence] = end;
      cuts[sequence]!.push(end);
      return { sequence, start, end };
    });
    steps.push({ parts, padding: random.integer(0, 3) });
  }
}
