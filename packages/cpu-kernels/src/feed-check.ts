import type { Extent } from "@krait/tensor";
import type { Bindings } from "./bindings.ts";
import type { FaultNames } from "./fault.ts";
import type { CheckName } from "./kernel-host.ts";
import type { Entry } from "./op-list.ts";

/** An entry that looks at the feeds before the first op, and how to speak of what it finds. */
export interface FeedCheck extends Entry {
  readonly kernel: CheckName;
  readonly names: FaultNames;
}

/** `end` and `most` of a `CheckRange`: where the end is read from, or the number before it where it is fixed. */
export const endOf = (end: number | Extent, at: Bindings): number[] =>
  typeof end === "number" ? [0, end - 1] : [at.extent(end), 0];
