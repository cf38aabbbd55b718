import type { Extent, Extents } from "@krait/tensor";
import type { Grid } from "../launch.ts";

/** Counts of rows for which a launch takes part. */
export interface RowRange {
  readonly above: number;
  readonly upTo: number;
}

/** A grid for the counts of a range, and none for others. */
export function inRange(
  rows: Extent,
  { above, upTo }: RowRange,
  grid: (count: number) => Grid,
): (extents: Extents) => Grid {
  return ({ [rows]: count }) => (count > above && count <= upTo ? grid(count) : [0]);
}
