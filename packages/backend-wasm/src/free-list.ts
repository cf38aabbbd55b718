/** A region's first byte, and the byte after its last. */
interface Region {
  start: number;
  end: number;
}

/** Regions begin at multiples of this: a line of the cache, and whole vectors. */
const ALIGNMENT = 64;

/**
 * Hands out regions of an address space that can grow at its end, first fit. Regions that are given
 * back join their free neighbours.
 */
export class FreeList {
  /** In order of address, none beside another. */
  readonly #free: Region[] = [];
  #end: number;

  constructor(start: number) {
    this.#end = align(start);
  }

  /** The address after the last that was ever handed out. */
  get end(): number {
    return this.#end;
  }

  /** The address of a region, of at least one byte; it may lie past every earlier {@link end}. */
  take(bytes: number): number {
    const size = align(Math.max(bytes, 1));
    const index = this.#free.findIndex(({ start, end }) => end - start >= size);
    const found = this.#free[index];
    if (found === undefined) {
      this.#end += size;
      return this.#end - size;
    }
    const address = found.start;
    found.start += size;
    if (found.start === found.end) this.#free.splice(index, 1);
    return address;
  }

  /** Gives back what {@link take} returned for as many bytes. */
  give(address: number, bytes: number): void {
    const region = { start: address, end: address + align(Math.max(bytes, 1)) };
    let index = this.#free.findIndex(({ start }) => start > address);
    if (index === -1) index = this.#free.length;
    const after = this.#free[index];
    if (after?.start === region.end) {
      region.end = after.end;
      this.#free.splice(index, 1);
    }
    const before = this.#free[index - 1];
    if (before?.end === region.start) {
      before.end = region.end;
      region.start = before.start;
      this.#free.splice(--index, 1);
    }
    if (region.end === this.#end) this.#end = region.start;
    else this.#free.splice(index, 0, region);
  }
}

const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
