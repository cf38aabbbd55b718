import type { Extents } from "@krait/tensor";

/**
 * The extents of the steps that share one captured list of commands: each rounded up to one of a few
 * sizes, and none above the largest. Few rows have a size each, for most steps decode.
 */
export function bucketOf(extents: Extents, largest: Extents): Extents {
  const bounded = (name: keyof Extents, size: (count: number) => number): number =>
    Math.max(extents[name], Math.min(size(extents[name]), largest[name]));
  return {
    rows: bounded("rows", countSize),
    segments: bounded("segments", countSize),
    longestSegment: bounded("longestSegment", countSize),
    context: bounded("context", contextSize),
    outputRows: bounded("outputRows", countSize),
  };
}

/** 0 to 4 as they are, then powers of two and what is halfway between them. */
function countSize(count: number): number {
  if (count <= 4) return count;
  const power = 2 ** Math.ceil(Math.log2(count));
  return count <= (3 * power) / 4 ? (3 * power) / 4 : power;
}

/** Powers of two from 256. */
function contextSize(context: number): number {
  return context === 0 ? 0 : Math.max(256, 2 ** Math.ceil(Math.log2(context)));
}
