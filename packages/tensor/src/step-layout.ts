import { type Extents, resolveShape } from "./extents.ts";
import { elementCount } from "./format.ts";
import type { FeedRef, Program } from "./program.ts";

const extentNames: readonly (keyof Extents)[] = [
  "rows",
  "segments",
  "longestSegment",
  "context",
  "outputRows",
];

/** Words of 16 bytes: feeds begin at multiples of them, so that kernels can read vectors. */
const ALIGNMENT = 4;

/**
 * Where extents and feeds stand in the one buffer that a host writes for a device before a step, in words
 * of 32 bits: the extents first, then the feeds, the small ones before the large, which are given less often.
 */
export class StepLayout {
  readonly words: number;
  readonly #feeds = new Map<string, { readonly start: number; readonly count: number }>();

  constructor({ feeds }: Pick<Program, "feeds">, largest: Extents) {
    let start = aligned(extentNames.length);
    const sizes = Object.entries(feeds).map(([name, { shape }]) => ({
      name,
      count: elementCount(resolveShape(shape, largest)),
    }));
    for (const { name, count } of sizes.sort((a, b) => a.count - b.count)) {
      this.#feeds.set(name, { start, count });
      start = aligned(start + count);
    }
    this.words = start;
  }

  extent(name: keyof Extents): number {
    return extentNames.indexOf(name);
  }

  /** The first word of a feed. */
  feed({ feed }: FeedRef): number {
    return this.#feeds.get(feed)!.start;
  }

  /** Returns the word after the last that was written. */
  writeExtents(words: Int32Array, extents: Extents): number {
    words.set(extentNames.map((name) => extents[name]));
    return extentNames.length;
  }

  /** Writes as many of a feed's words as are given and have room; returns the word after the last. */
  writeFeed(words: Int32Array<ArrayBuffer>, name: string, given: Uint8Array): number {
    const { start, count } = this.#feeds.get(name)!;
    const bytes = given.subarray(0, 4 * count);
    new Uint8Array(words.buffer, 4 * start).set(bytes);
    return start + bytes.byteLength / 4;
  }
}

const aligned = (words: number): number => Math.ceil(words / ALIGNMENT) * ALIGNMENT;
