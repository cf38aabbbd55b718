import type { Extents, Step } from "@krait/tensor";

export type Feed = Float32Array | Int32Array | Uint32Array;

/**
 * What the feeds of a bound Program hold. In the middle of answers a step differs from the one before it by
 * positions alone, and what a feed holds already is not written again.
 */
export class HeldFeeds {
  readonly #names: readonly string[];
  #held = new Map<string, Feed>();

  /** @param names - of the Program's feeds. */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Runs a step with those of the feeds that the Program has, and whose values are not there yet. */
  run(step: Step, extents: Extents, feeds: Readonly<Record<string, Feed>>): void {
    const held = this.#held;
    const changed: Record<string, Feed> = {};
    for (const name of this.#names) {
      const values = feeds[name];
      if (values !== undefined && !areEqual(values, held.get(name))) changed[name] = values;
    }
    // Should the step be refused, nothing is certain.
    this.#held = new Map();
    step.run(extents, changed);
    for (const name in changed) held.set(name, changed[name]!);
    this.#held = held;
  }
}

function areEqual(values: Feed, held: Feed | undefined): boolean {
  if (values === held) return true;
  if (held === undefined || values.length !== held.length) return false;
  for (let index = 0; index < values.length; index++) if (values[index] !== held[index]) return false;
  return true;
}
