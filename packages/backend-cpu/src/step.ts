import {
  BindingError,
  type DeviceBuffer,
  DisposedError,
  type Extents,
  elementCount,
  type Program,
  resolveShape,
  type Step,
} from "@krait/tensor";
import type { Bindings, FeedArray } from "./bindings.ts";
import { type FeedCheck, feedChecks } from "./checks/feed-checks.ts";
import { type KernelOptions, type Launch, prepare } from "./kernels.ts";

/**
 * A bound Program. `run` computes before it returns: there is nothing to wait for.
 *
 * Feeds are checked before the first op, so a step that is refused leaves every state as it was.
 */
export class CpuStep implements Step {
  readonly outputs: Readonly<Record<string, DeviceBuffer>>;
  readonly #program: Program;
  readonly #largest: Extents;
  readonly #bindings: Bindings;
  readonly #checks: readonly FeedCheck[];
  readonly #launches: readonly Launch[];
  #isDisposed = false;

  constructor(program: Program, largest: Extents, bindings: Bindings, options: KernelOptions) {
    this.#program = program;
    this.#largest = largest;
    this.#bindings = bindings;
    this.outputs = bindings.outputs;
    this.#checks = feedChecks(program, bindings);
    this.#launches = program.ops.map((op) => prepare(op, bindings, options));
  }

  run(extents: Extents, feeds: Readonly<Record<string, ArrayBufferView>>): void {
    if (this.#isDisposed) throw new DisposedError(`The step of Program "${this.#program.name}"`);
    this.#bindings.checkLive();
    this.#checkExtents(extents);
    for (const [name, given] of Object.entries(feeds)) this.#writeFeed(name, given, extents);
    for (const check of this.#checks) check(extents);
    for (const launch of this.#launches) launch(extents);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#bindings.dispose();
  }

  #checkExtents(extents: Extents): void {
    for (const [extent, largest] of Object.entries(this.#largest) as [keyof Extents, number][]) {
      const count = extents[extent];
      if (Number.isSafeInteger(count) && count >= 0 && count <= largest) continue;
      this.#refuse(`extent "${extent}" is ${count}, expected 0 to ${largest}, for which it was compiled`);
    }
  }

  #writeFeed(name: string, given: ArrayBufferView, extents: Extents): void {
    const held = this.#bindings.feeds.get(name);
    const spec = this.#program.feeds[name];
    if (held === undefined || spec === undefined) {
      const known = Object.keys(this.#program.feeds).join(", ");
      this.#refuse(`there is no feed "${name}"; its feeds are ${known}`);
    }
    if (given.constructor !== held.constructor) {
      this.#refuse(
        `feed "${name}" is ${given.constructor.name}, expected ${held.constructor.name} for ${spec.dtype}`,
      );
    }
    const values = given as FeedArray;
    const shape = resolveShape(spec.shape, extents);
    const count = elementCount(shape);
    if (values.length < count) {
      this.#refuse(
        `feed "${name}" has ${values.length} elements, expected ${count} for [${shape.join(", ")}]`,
      );
    }
    held.set(values.length > held.length ? values.subarray(0, held.length) : values);
  }

  #refuse(message: string): never {
    throw new BindingError(`Program "${this.#program.name}": ${message}.`);
  }
}
